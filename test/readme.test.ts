import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { defaultImages } from "../config/images.ts";
import { otelEnv } from "../config/otel-env.ts";
import { parseSettings } from "../config/settings.ts";
import { withReference } from "../docs/reference.ts";
import { recordedIdentity, recordResources } from "./support/record-resources.ts";
import { noDocker } from "./support/settings.ts";

const root = join(import.meta.dirname, "..");
const file = join(root, "README.md");
const readme = readFileSync(file, "utf8");
const documents = ["README.md", "CONTRIBUTING.md", "services/README.md", "packages/telemetry/README.md"];

// What the documentation says has to be what the program does (S28, D16).
describe("the README", () => {
  it("has the settings, their defaults and their meaning as the schema has them", async () => {
    assert.equal(readme, await withReference(readme, file));
  });

  it("names every image that is pinned, and no other", () => {
    const [, section = ""] = readme.split("## Tested with");
    const named = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, image]) => image ?? "");
    assert.deepEqual(named.sort(), Object.values<string>(defaultImages).sort());
  });

  it("has the addresses that the default settings give", () => {
    const { ports } = parseSettings({}, recordedIdentity);
    const named = [...readme.matchAll(/^\| .* \| http:\/\/127\.0\.0\.1:(\d+) /gm)].map(([, port]) => Number(port));
    assert.deepEqual(named.sort(), [...Object.values(ports), 8080].sort());
  });

  it("says how much a service keeps while the Collector is away", () => {
    const env = otelEnv(
      { serviceName: "", serviceNamespace: "", serviceVersion: "", environment: "", serviceInstanceId: "" },
      "grpc",
    );
    assert.equal(env["OTEL_BLRP_MAX_QUEUE_SIZE"], env["OTEL_BSP_MAX_QUEUE_SIZE"]);
    const size = Number(env["OTEL_BLRP_MAX_QUEUE_SIZE"]).toLocaleString("en-US");
    assert.ok(readme.includes(`up to ${size} log lines and ${size} spans`), size);
  });

  it("has an example of a service beside the stack that runs as it stands", async () => {
    const example = /```ts\n(import \{ InstrumentedService[\s\S]*?)```/.exec(readme)?.[1] ?? "";
    const program = join(root, `.readme-example-${process.pid}.ts`);
    // No test depends on the machine's own Docker.
    writeFileSync(
      program,
      example.replace("retentionHours: 168", `retentionHours: 168, docker: { host: "${noDocker}" }`),
    );
    try {
      const resources = await recordResources(() => import(pathToFileURL(program).href));
      const service = resources.find(({ name, type }) => name === "checkout" && type.endsWith(":InstrumentedService"));
      assert.deepEqual(service?.registeredOutputs, { serviceName: "apps-checkout" });
    } finally {
      rmSync(program);
    }
  });
});

describe("the documents", () => {
  for (const document of documents) {
    const text = readFileSync(join(root, document), "utf8");

    it(`${document} leads to files that are there`, () => {
      const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target]) => target ?? "");
      const missing = targets.filter((target) => !existsSync(join(root, dirname(document), target)));
      assert.deepEqual(missing, []);
    });

    it(`${document} names npm scripts that there are`, () => {
      const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
      const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, script]) => script ?? "");
      assert.deepEqual(
        named.filter((script) => !Object.hasOwn(scripts, script)),
        [],
      );
    });
  }
});
