import assert from "node:assert/strict";
import { settingsFromPulumiConfig } from "../../config/pulumi-config.ts";
import { stackSettingsSchema } from "../../config/settings-and-defaults.ts";

describe("settingsFromPulumiConfig", () => {
  const fields = stackSettingsSchema.shape;

  it("takes this project's keys, and JSON where the text is JSON", () => {
    const config = {
      "observability:retentionHours": "168",
      "observability:observability": "false",
      "observability:ports": '{"loki":13100}',
      "observability:serviceNamespace": "integr8scode",
      "docker:host": "ssh://elsewhere",
      "observability-other:retentionHours": "1",
    };
    assert.deepEqual(settingsFromPulumiConfig(config, "observability", fields), {
      retentionHours: 168,
      observability: false,
      ports: { loki: 13100 },
      serviceNamespace: "integr8scode",
    });
  });

  it("leaves text as it stands where a setting takes it, though it looks like a number", () => {
    const config = { "p:environment": "2024", "p:serviceNamespace": "true", "p:retentionHours": "abc", "p:typo": "1" };
    assert.deepEqual(settingsFromPulumiConfig(config, "p", fields), {
      environment: "2024",
      serviceNamespace: "true",
      retentionHours: "abc",
      typo: 1,
    });
  });

  it("takes an empty text for a setting that is not there: Pulumi makes it of a key with nothing behind it", () => {
    assert.deepEqual(settingsFromPulumiConfig({ "p:ports": "", "p:name": "" }, "p", fields), {});
  });
});
