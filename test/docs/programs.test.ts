import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { unknownValue } from "../../components/testing.ts";
import type { RecordedResource } from "../support/record-resources.ts";
import { noDocker } from "../support/settings.ts";
import { programOf } from "./support/example-program.ts";

const root = join(import.meta.dirname, "..", "..");
const markdown = readFileSync(join(root, "docs", "programs.md"), "utf8");

/** The programs of a section of the page. */
function programsOf(heading: string): readonly string[] {
  const [, section = ""] = markdown.split(`\n## ${heading}\n`);
  const [own = ""] = section.split("\n## ");
  return [...own.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = ""]) => code);
}

async function resourcesOf(code: string): Promise<readonly RecordedResource[]> {
  return (await programOf(code)).resources;
}

function named(resources: readonly RecordedResource[], name: string): RecordedResource {
  const [found] = resources.filter((each) => each.name === name && each.custom);
  assert.ok(found, name);
  return found;
}

describe("docs/programs.md", () => {
  it("gives a service what other resources give", async () => {
    const [program = ""] = programsOf("What another resource gives");
    const resources = await resourcesOf(program);
    assert.deepEqual(named(resources, "observability-image-checkout").inputs["name"], unknownValue);
    const { envs, uploads } = named(resources, "observability-checkout").inputs;
    const own = (envs as readonly unknown[]).filter((each) => !/^OTEL_/.test(String(each)));
    assert.deepEqual(own, ["DATABASE_NAME=orders-id", "DATABASE_PASSWORD_FILE=/run/secrets/DATABASE_PASSWORD"]);
    assert.deepEqual(
      (uploads as readonly { readonly file: string }[]).map(({ file }) => file),
      ["/run/secrets/DATABASE_PASSWORD", "/etc/checkout/database.json"],
    );
  });

  it("tells a service the address of another one", async () => {
    const [program = ""] = programsOf("By reference");
    const { inputs } = named(await resourcesOf(program), "observability-checkout");
    assert.ok((inputs["envs"] as readonly string[]).includes("ORDERS_URL=http://orders:8080"));
  });

  it("instruments a Deployment of the user's own, and says what else needs", async () => {
    const [program = "", environment = ""] = programsOf("What is no InstrumentedService");
    const { inputs } = named(await resourcesOf(program), "cart");
    assert.match(JSON.stringify(inputs["spec"]), /"value":"apps-cart"/);
    assert.match(JSON.stringify(inputs["spec"]), /otel-collector\.observability-test\.svc:4317/);
    const { outputs } = await programOf(environment);
    const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    const told = outputs as Readonly<Record<string, Readonly<Record<string, string>>>>;
    assert.deepEqual(
      [told["inTheNetwork"]?.[endpoint], told["onThisMachine"]?.[endpoint]],
      ["http://otel-collector:4317", "http://127.0.0.1:4317"],
    );
  });

  it("joins the stack of another program", async () => {
    const { outputs } = await programOf(
      'import { ObservabilityStack } from "./components/index.ts";\nexport const { connection } = new ObservabilityStack("observability");\n',
    );
    const [program = ""] = programsOf("One stack, several programs");
    const reference = 'new pulumi.StackReference("organization/observability/dev")';
    assert.ok(program.includes(reference));
    // Pulumi's mocks answer no stack reference.
    const details = `{ getOutputDetails: () => Promise.resolve({ value: ${JSON.stringify(outputs["connection"])} }) }`;
    const joined = program
      .replace(reference, details)
      .replace('("observability", value)', `("observability", value, { docker: { host: "${noDocker}" } })`);
    const { inputs } = named(await resourcesOf(joined), "observability-cart");
    assert.deepEqual(inputs["networksAdvanced"], [{ name: "observability-test", aliases: ["cart"] }]);
  });

  it("deploys with a provider of the program's own", async () => {
    const [program = ""] = programsOf("Providers and other options");
    const resources = await resourcesOf(program);
    const providers = resources.filter(({ type }) => type.startsWith("pulumi:providers:")).map(({ name }) => name);
    assert.deepEqual(providers, ["cluster"]);
  });
});
