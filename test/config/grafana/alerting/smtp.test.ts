import assert from "node:assert/strict";
import { alertsSchema } from "../../../../config/grafana/alerting/settings.ts";
import { smtpEnv, smtpSecretFiles } from "../../../../config/grafana/alerting/smtp.ts";

describe("the mail server", () => {
  it("is Grafana's settings, with the password as a file that it reads last, as it was set", () => {
    const alerts = alertsSchema.parse({
      smtp: { host: "mail.example.com:587", from: "grafana@example.com", user: "grafana", secret: "mail" },
    });
    assert.deepEqual(smtpEnv(alerts), {
      GF_SMTP_ENABLED: "true",
      GF_SMTP_HOST: "mail.example.com:587",
      GF_SMTP_FROM_ADDRESS: "grafana@example.com",
      GF_SMTP_FROM_NAME: "Grafana",
      GF_SMTP_STARTTLS_POLICY: "MandatoryStartTLS",
      GF_SMTP_USER: "grafana",
      GF_SMTP_PASSWORD: "$__file{/run/secrets/grafana-smtp-password}",
    });
    assert.deepEqual(smtpSecretFiles(alerts, { mail: "a$b", other: "c" }), [
      { path: "/run/secrets/grafana-smtp-password", content: "a$b" },
    ]);
  });

  it("is nothing where no mail is sent, and without a password where it asks for none", () => {
    assert.deepEqual(smtpEnv(alertsSchema.parse({})), {});
    const open = alertsSchema.parse({ smtp: { host: "mail:25", from: "a@example.com", startTls: "none" } });
    assert.deepEqual(Object.keys(smtpEnv(open)).sort(), [
      "GF_SMTP_ENABLED",
      "GF_SMTP_FROM_ADDRESS",
      "GF_SMTP_FROM_NAME",
      "GF_SMTP_HOST",
      "GF_SMTP_STARTTLS_POLICY",
    ]);
    assert.deepEqual(smtpSecretFiles(open, {}), []);
  });
});
