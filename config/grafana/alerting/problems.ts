import { isRecord } from "../../parse.ts";
import { duplicates, hiddenProblem, pathText, problem, problemIf, type Problem } from "../../problem.ts";
import { contactPointTypes } from "./settings.ts";

type ContactPointType = (typeof contactPointTypes)[number];

/** What the secret of a contact point has to look like, since Grafana reads it as a template or as an address. */
const secretRules: Readonly<
  Record<Exclude<ContactPointType, "email">, { pattern: RegExp; rule: string; what: string }>
> = {
  webhook: {
    pattern: /^https?:\/\/[^\s"'<>{}\\^`|]+$/,
    rule: "must be the address of a webhook, http or https, without blanks, quotes and braces",
    what: "the webhook's address",
  },
  slack: {
    // Servers of one's own take the same messages (Mattermost, Rocket.Chat), often without TLS.
    pattern: /^(?!http:\/\/([^/]*\.)?slack\.com([:/]|$))https?:\/\/[^\s"'<>{}\\^`|]+$/i,
    rule: "must be the address of an incoming webhook, https at Slack itself, without blanks, quotes and braces",
    what: "the address of Slack's incoming webhook",
  },
  pagerduty: {
    pattern: /^[A-Za-z0-9]{16,64}$/,
    rule: "must be an integration key of PagerDuty: letters and digits",
    what: "PagerDuty's integration key",
  },
};

/**
 * What is wrong with the setting `alerts` beyond each field by itself. A field that is wrong by itself is left out.
 *
 * @param given plain data (plain.ts)
 * @param secrets the user's secrets by name; `undefined` if they are not known
 */
export function alertProblems(
  given: unknown,
  secrets: Readonly<Record<string, unknown>> | undefined,
): readonly Problem[] {
  if (!isRecord(given)) return [];
  const { contactPoints, smtp = {} } = given;
  const list: readonly unknown[] = Array.isArray(contactPoints) ? contactPoints : [];
  const all = list.map((each) => (isRecord(each) ? each : {}));
  const needsMail = all.some(({ type }) => type === "email");
  return [
    ...duplicates(
      all.flatMap(({ name }, index) => (typeof name === "string" ? [[at(index, "name"), name] as const] : [])),
      "choose another one",
    ),
    ...all.flatMap((contactPoint, index) => contactPointProblems(contactPoint, index, secrets)),
    ...(isRecord(smtp) && (needsMail || isSet(smtp["host"])) ? mailProblems(smtp, needsMail, secrets) : []),
  ];
}

function at(index: number, field: string): string {
  return pathText(["alerts", "contactPoints", index, field]);
}

function isSet(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function contactPointProblems(
  contactPoint: Readonly<Record<string, unknown>>,
  index: number,
  secrets: Readonly<Record<string, unknown>> | undefined,
): readonly Problem[] {
  const { addresses = [], secret = "" } = contactPoint;
  const type = contactPointTypes.find((known) => known === contactPoint["type"]);
  if (type === undefined) return [];
  const isEmpty = Array.isArray(addresses) && addresses.length === 0;
  if (type === "email") {
    return [
      ...problemIf(isEmpty, at(index, "addresses"), "must have an address for an e-mail", addresses, "add one"),
      ...problemIf(
        isSet(secret),
        at(index, "secret"),
        "must not be set for an e-mail",
        secret,
        "remove it; the mail server's password is alerts.smtp.secret",
      ),
    ];
  }
  const { pattern, rule, what } = secretRules[type];
  const path = at(index, "secret");
  return [
    ...problemIf(
      !isEmpty && Array.isArray(addresses),
      at(index, "addresses"),
      "must be set for an e-mail only",
      addresses,
      "remove it",
    ),
    ...problemIf(
      secret === "",
      path,
      `must name the secret with ${what}`,
      undefined,
      "set a secret NAME and write NAME here",
    ),
    ...secretProblems(path, secret, secrets, pattern, rule),
  ];
}

function mailProblems(
  { host = "", from = "", user = "", secret = "" }: Readonly<Record<string, unknown>>,
  isNeeded: boolean,
  secrets: Readonly<Record<string, unknown>> | undefined,
): readonly Problem[] {
  const path = "alerts.smtp";
  return [
    ...problemIf(
      isNeeded && host === "",
      `${path}.host`,
      "must be set: a contact point is an e-mail",
      undefined,
      "write the mail server's name and port, for example smtp.example.com:587",
    ),
    ...problemIf(
      host !== "" && from === "",
      `${path}.from`,
      "must be set: a mail has a sender",
      undefined,
      "write for example grafana@example.com",
    ),
    ...problemIf(
      isSet(user) && secret === "",
      `${path}.secret`,
      "must name the secret with the password of the user",
      undefined,
      "set a secret NAME and write NAME here",
    ),
    ...problemIf(
      isSet(secret) && user === "",
      `${path}.user`,
      "must be set with a password",
      undefined,
      "write the name that the mail server knows, or remove secret",
    ),
    // Grafana's settings are read by a library that puts other settings in place of it.
    ...secretProblems(
      `${path}.secret`,
      secret,
      secrets,
      /^(?!.*%\([^)]*\)s)[^\r\n]+$/,
      "must be a password in one line without %(NAME)s, which Grafana would replace",
    ),
  ];
}

/** Of a secret there are its name, which may be unknown, and its text, which no message shows. */
function secretProblems(
  path: string,
  name: unknown,
  secrets: Readonly<Record<string, unknown>> | undefined,
  pattern: RegExp,
  rule: string,
): readonly Problem[] {
  if (!isSet(name) || secrets === undefined) return [];
  if (!Object.hasOwn(secrets, name)) {
    return [problem(path, "must be the name of a secret that there is", name, `set secrets.${name}`)];
  }
  const text = secrets[name];
  if (typeof text !== "string" || pattern.test(text)) return [];
  return [
    hiddenProblem(
      `secrets.${name}`,
      rule,
      `set it anew: npm run pulumi -- config set --secret --path 'observability:secrets.${name}'`,
    ),
  ];
}
