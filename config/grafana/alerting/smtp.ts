import { secretsFolder } from "../../names.ts";
import type { TextFile } from "../../text-file.ts";
import type { Alerts } from "./settings.ts";

/** File with the password of the mail server, as it was set: unlike one for a provisioning file (expansion.ts). */
const smtpPasswordFile = `${secretsFolder}/grafana-smtp-password`;

const policyNames = {
  mandatory: "MandatoryStartTLS",
  opportunistic: "OpportunisticStartTLS",
  none: "NoStartTLS",
} as const satisfies Record<Alerts["smtp"]["startTls"], string>;

/** Grafana's settings of the mail server, as its environment; none if no e-mail is sent. */
export function smtpEnv({ smtp }: Alerts): Readonly<Record<string, string>> {
  const { host, from, user, secret, startTls } = smtp;
  if (host === "") return {};
  return {
    GF_SMTP_ENABLED: "true",
    GF_SMTP_HOST: host,
    GF_SMTP_FROM_ADDRESS: from,
    GF_SMTP_FROM_NAME: "Grafana",
    GF_SMTP_STARTTLS_POLICY: policyNames[startTls],
    ...(user === "" ? {} : { GF_SMTP_USER: user }),
    // Grafana reads the file last, and replaces nothing in it. `…__FILE` would hand it over as a variable, in which it does.
    ...(secret === "" ? {} : { GF_SMTP_PASSWORD: `$__file{${smtpPasswordFile}}` }),
  };
}

/** The password of the mail server as a file of Grafana's container. */
export function smtpSecretFiles({ smtp }: Alerts, secrets: Readonly<Record<string, string>>): readonly TextFile[] {
  const password = secrets[smtp.secret];
  return smtp.host === "" || password === undefined ? [] : [{ path: smtpPasswordFile, content: password }];
}
