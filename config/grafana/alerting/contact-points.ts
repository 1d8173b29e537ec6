import { secretFile } from "../../expansion.ts";
import { contactPointSlots, nobody, type ContactPoint } from "./settings.ts";

/*
 * Whom Grafana tells. Grafana keeps a contact point that is no longer in its file, unless it is told to delete it by its
 * uid; so there is a fixed number of places with uids of their own, and those that are not taken are deleted at each
 * start. Names may change freely among them (tried with Grafana 10.0).
 */

const uidOfNobody = "stack-contact-nobody";

function uidAt(slot: number): string {
  return `stack-contact-${slot}`;
}

/** A contact point that no alert reaches, since its route is muted: Grafana needs one in any case. */
const unreached = {
  orgId: 1,
  name: nobody,
  receivers: [{ uid: uidOfNobody, type: "email", settings: { addresses: "nobody@example.invalid" } }],
};

/** The contact points in the provisioning file of Grafana; {@link nobody} if there are none. */
export function provisionedContactPoints(contactPoints: readonly ContactPoint[]): readonly object[] {
  if (contactPoints.length === 0) return [unreached];
  return contactPoints.map((contactPoint, index) => ({
    orgId: 1,
    name: contactPoint.name,
    receivers: [{ uid: uidAt(index + 1), type: contactPoint.type, settings: settingsOf(contactPoint) }],
  }));
}

/** The places that Grafana is told to empty. */
export function deletedContactPoints(contactPoints: readonly ContactPoint[]): readonly object[] {
  const free = contactPointSlots.filter((slot) => slot > contactPoints.length).map(uidAt);
  return [...free, ...(contactPoints.length === 0 ? [] : [uidOfNobody])].map((uid) => ({ orgId: 1, uid }));
}

/** Names of the secrets that contact points are made of, each once. */
export function contactSecrets(contactPoints: readonly ContactPoint[]): readonly string[] {
  return [...new Set(contactPoints.flatMap(({ secret }) => (secret === "" ? [] : [secret])))];
}

/** The keys of each kind (grafana.com/docs/grafana/latest/alerting/set-up/provision-alerting-resources/file-provisioning). */
function settingsOf({ type, addresses, secret }: ContactPoint): object {
  // Grafana reads the secret from its file; in the provisioning file it would be plain text.
  const fromFile = `$__file{${secretFile(secret)}}`;
  switch (type) {
    case "email":
      return { addresses: addresses.map((address) => address.replaceAll("$", "$$$$")).join(";") };
    case "webhook":
      return { url: fromFile, httpMethod: "POST" };
    case "slack":
      return { url: fromFile };
    case "pagerduty":
      return { integrationKey: fromFile };
  }
}
