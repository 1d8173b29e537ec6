import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as docker from "@pulumi/docker";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap.js";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random";
import { InstrumentedService, ObservabilityStack } from "../../../components/index.ts";
import {
  expectNoReplace,
  expectNoSecrets,
  expectPorts,
  previewProgram,
  type ProgramPreview,
} from "../../../components/testing.ts";
import { recordedIdentity } from "../../support/record-resources.ts";
import { sampleProgram, type SampleChange } from "../../support/sample-program.ts";
import { noDocker } from "../../support/settings.ts";
import { furtherPorts } from "../../support/further-parts.ts";

const deployment = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "..", "fixtures", "deployed-state.json"), "utf8"),
) as { readonly resources: readonly Readonly<Record<string, unknown>>[] };

function preview(program: () => unknown): Promise<ProgramPreview> {
  return previewProgram(program, recordedIdentity);
}

function sample(change: SampleChange = {}): Promise<ProgramPreview> {
  return preview(() => {
    sampleProgram(change);
  });
}

/** What an expectation says, a line each; nothing if it is met. */
function told(expectation: () => void): readonly string[] {
  try {
    expectation();
    return [];
  } catch (error) {
    assert.ok(error instanceof assert.AssertionError);
    return error.message.split("\n  ");
  }
}

describe("expectNoReplace", () => {
  it("is met by the program that was deployed, whatever the state is handed over as", async () => {
    for (const state of [{ version: 3, deployment }, JSON.stringify({ deployment })]) {
      expectNoReplace(await sample(), state);
    }
  });

  it("names each resource and each input that would replace it, but for those that are allowed", async () => {
    const changed = await sample({ command: ["serve"], envs: ["MODE=slow"], memory: 256 });
    const rule = "the preview must be neither replaced nor deleted, got 1:";
    const lines = [rule, "docker:index/container:Container store would be replaced by a change of command, envs"];
    assert.deepEqual(
      told(() => {
        expectNoReplace(changed, { deployment });
      }),
      lines,
    );
    for (const allowed of [["store"], ["docker:index/container:Container"]]) {
      expectNoReplace(changed, { deployment }, { allowed });
    }
    assert.deepEqual(
      told(() => {
        expectNoReplace(changed, { deployment }, { allowed: ["data"] });
      }),
      lines,
    );
  });

  it("lets what changes in the running container pass", async () => {
    expectNoReplace(await sample({ memory: 256 }), { deployment });
  });

  it("names what the program no longer has, unless it would be kept", async () => {
    const { resources } = await sample();
    const without = { resources: resources.filter(({ name }) => name !== "data" && name !== "network") };
    const kept = deployment.resources.map((old) =>
      String(old["urn"]).endsWith("::network") ? { ...old, retainOnDelete: true } : old,
    );
    assert.deepEqual(
      told(() => {
        expectNoReplace(without, { deployment: { resources: kept } });
      }).slice(1),
      ["docker:index/volume:Volume data would be deleted, since the program no longer has it"],
    );
  });

  it("names a resource that another provider would get, and those whose program wants them replaced", async () => {
    const { resources } = await sample({ memory: 256 });
    const moved = resources.map((one) => {
      if (one.name === "data") return { ...one, provider: one.provider.replace("::docker::", "::other::") };
      return one.name === "store" ? { ...one, replaceOnChanges: ["memory"] } : one;
    });
    assert.deepEqual(
      told(() => {
        expectNoReplace({ resources: moved }, { deployment });
      }).slice(1),
      [
        "docker:index/container:Container store would be replaced by a change of memory",
        "docker:index/volume:Volume data would be replaced by a change of provider",
      ],
    );
  });

  it("knows what replaces an object of Kubernetes, and says of another provider's that only that knows", async () => {
    const urn = "urn:pulumi:test::observability::";
    const shared = { custom: true, inputs: {} };
    const types = ["kubernetes:core/v1:PersistentVolumeClaim", "kubernetes:core/v1:ConfigMap", "aws:s3/bucket:Bucket"];
    const old = types.map((type) => ({
      ...shared,
      type,
      urn: `${urn}${type}::x`,
      inputs: { metadata: { name: "x" } },
    }));
    const [like] = (await sample()).resources;
    assert.ok(like);
    const plan = (type: string, inputs: typeof like.inputs) => ({
      ...{ ...like, type, name: "x", custom: true, provider: "", replaceOnChanges: [], ignoreChanges: [] },
      ...{ urn: `${urn}${type}::x`, inputs },
    });
    const spec = { storageClassName: "fast", resources: { requests: { storage: "2Gi" } } };
    const resources = [
      plan(types[0] ?? "", { metadata: { name: "x", labels: { a: "b" } }, spec }),
      plan(types[1] ?? "", { metadata: { name: "x" }, data: { key: "text" } }),
      plan(types[2] ?? "", { metadata: { name: "y" } }),
    ];
    assert.deepEqual(
      told(() => {
        expectNoReplace({ resources }, { deployment: { resources: old } });
      }).slice(1),
      [
        "aws:s3/bucket:Bucket x may be replaced by a change of metadata, which only its provider knows",
        "kubernetes:core/v1:ConfigMap x would be replaced by a change of data",
        "kubernetes:core/v1:PersistentVolumeClaim x would be replaced by a change of spec.storageClassName",
      ],
    );
  });

  it("says what a state is", () => {
    assert.throws(() => {
      expectNoReplace({ resources: [] }, { resources: [] });
    }, /^Error: state: must be what `pulumi stack export` prints, got something else; read that file and hand it over \(OBS1006\)$/);
  });
});

describe("expectPorts", () => {
  const program = (): void => {
    const stack = new ObservabilityStack("o", { docker: { host: noDocker }, ports: { grafana: 3001 } });
    const ports = [{ name: "http", port: 8080, hostPort: 8085 }];
    new InstrumentedService("checkout", { stack, image: "registry.example.com/checkout:1.4.2", ports });
    new docker.Container("db", {
      image: "registry.example.com/db:16",
      ports: [{ internal: 5432, external: 5432 }, { internal: 1 }],
    });
  };
  const further = Object.fromEntries(furtherPorts.map(({ port, host }) => [port, host]));
  const stacks = { 3001: "grafana", 3100: "loki", 4317: "otel-collector", 4318: "otel-collector", ...further };

  it("names what is open beyond the machine, what is not expected, what is missing and what leads elsewhere", async () => {
    const planned = await preview(program);
    const others = { 8428: "victoria-metrics", 16686: "jaeger", 8085: "payments", 9999: "audit" };
    assert.deepEqual(
      told(() => {
        expectPorts(planned, { ...stacks, ...others });
      }),
      [
        "the preview must be the ports that are expected, got 6:",
        "port 8085 leads to checkout, expected payments",
        "port 5432 leads to db, expected no such port",
        "port 5432 leads to db and is open on 0.0.0.0, expected 127.0.0.1",
        "port any leads to db, expected no such port",
        "port any leads to db and is open on 0.0.0.0, expected 127.0.0.1",
        "port 9999 is not open, expected it to lead to audit",
      ],
    );
  });

  it("is met by the ports that a stack and its services open", async () => {
    const planned = await preview(() => {
      const stack = new ObservabilityStack("o", { docker: { host: noDocker }, ports: { grafana: 3001 } });
      const ports = [{ name: "http", port: 8080, hostPort: 8085 }];
      new InstrumentedService("checkout", { stack, image: "registry.example.com/checkout:1.4.2", ports });
    });
    expectPorts(planned, { ...stacks, 8428: "victoria-metrics", 16686: "jaeger", 8085: "checkout" });
  });
});

describe("expectNoSecrets", () => {
  const key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n";
  const container = (name: string, envs: readonly string[]): docker.Container =>
    new docker.Container(name, { image: "registry.example.com/a:1", envs: [...envs] });

  for (const target of ["docker", "kubernetes"] as const) {
    it(`is met by the stack and a service with secrets on ${target}`, async () => {
      const planned = await preview(() => {
        const settings = { target, docker: { host: noDocker }, kubernetes: { context: "test" } };
        const stack = new ObservabilityStack("o", settings);
        const secretEnv = { DATABASE_URL: pulumi.secret("postgres://shop:hunter2@db/shop") };
        new InstrumentedService("checkout", { stack, image: "registry.example.com/checkout:1.4.2", secretEnv });
      });
      expectNoSecrets(planned, { secrets: ["hunter2"] });
    });
  }

  it("names where the text of a secret is that the program marks elsewhere, and never the text", async () => {
    const planned = await preview(() => {
      const { result } = new RandomPassword("password", { length: 20 });
      const data = { login: pulumi.secret("swordfish-42"), pin: pulumi.secret("1234") };
      new ConfigMap("hidden", { data });
      container("plain", ["LOGIN=user:swordfish-42", "PORT=12345", "PIN=1234"]);
      new ConfigMap("encoded", { binaryData: { login: Buffer.from("swordfish-42").toString("base64") } });
      container("unsecret", [pulumi.unsecret(pulumi.interpolate`ROOT=${result}`) as unknown as string]);
    });
    const lines = told(() => {
      expectNoSecrets(planned);
    });
    assert.deepEqual([...lines].sort(), [
      "docker:index/container:Container plain: envs[0] LOGIN has the text of a secret",
      "docker:index/container:Container plain: envs[2] PIN has the text of a secret",
      "docker:index/container:Container unsecret: envs[0] ROOT has the text of a secret",
      "kubernetes:core/v1:ConfigMap encoded: binaryData.login has the text of a secret",
      "the preview must have no secret in plain sight; hand it over as pulumi.secret, secretEnv or secretFiles, got 4:",
    ]);
    assert.doesNotMatch(lines.join(), /swordfish|1234|generated/);
  });

  const looks: Readonly<Record<string, string>> = {
    "has a private key": key,
    "has an access key of AWS": `id AKIA${"A2".repeat(8)}`,
    "has a token of GitHub": `ghp_${"a1".repeat(18)}`,
    "has a token of Slack": "xoxb-1234567890-abc",
    "has a JSON Web Token": "eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeK",
    "has a login in an address": "postgres://shop:hunter2@db.example.com/shop",
  };
  for (const [reason, text] of Object.entries(looks)) {
    it(`knows by its form what ${reason}, in a file as well as in a variable`, async () => {
      const planned = await preview(() => {
        container("env", [`NOTE=${text}`]);
        new ConfigMap("file", { data: { "app.conf": `# ${text}` } });
      });
      assert.deepEqual(
        told(() => {
          expectNoSecrets(planned);
        }).slice(1),
        [
          `docker:index/container:Container env: envs[0] NOTE ${reason}`,
          `kubernetes:core/v1:ConfigMap file: data.app.conf ${reason}`,
        ],
      );
    });
  }

  it("knows a secret by its name, and lets paths, switches and what is filled in later pass, and what is allowed", async () => {
    const bad = ["DB_PASSWORD=a", "STRIPE_API_KEY=b", "clientSecret=c"];
    const good = [
      "DB_PASSWORD_FILE=/run/x",
      "TOKEN=/run/y",
      "USE_TOKEN=true",
      "SECRET=${env:X}",
      "KEY=name",
      "PASSWORD=",
    ];
    const planned = await preview(() => container("app", [...bad, ...good]));
    const where = "docker:index/container:Container app: envs[";
    assert.deepEqual(
      told(() => {
        expectNoSecrets(planned, { allowed: [`${where}1] STRIPE_API_KEY`] });
      }).slice(1),
      [
        `${where}0] DB_PASSWORD looks like a secret by its name`,
        `${where}2] clientSecret looks like a secret by its name`,
      ],
    );
  });
});
