import assert from "node:assert/strict";
import { kinds, pulumiType } from "../../../cli/kubernetes/kinds.ts";
import { furtherServices, recordStack } from "../../support/kubernetes-stack.ts";
import { planOf } from "../../support/planned.ts";

/** Types of objects in the cluster that a program with these settings creates. */
async function typesOf(kubernetes: object, more: Readonly<Record<string, string>> = {}): Promise<ReadonlySet<string>> {
  const config = {
    "observability:target": "kubernetes",
    "observability:kubernetes": JSON.stringify({ context: "fake", loadCommand: "true", ...kubernetes }),
    ...more,
  };
  const { resources } = await planOf(config, "shop")();
  const types = resources.map(({ type }) => type).filter((type) => type.startsWith("kubernetes:"));
  return new Set(types);
}

describe("the kinds of objects in a cluster", () => {
  it("are all that a program with every setting creates, and a program with none creates those that are not optional", async () => {
    const ingress = { host: "grafana.example.com", insecure: true };
    const fragment = JSON.stringify({ config: { exporters: { debug: {} } } });
    const every = await typesOf({ ingress, otlpNamespaces: ["shop"] }, { "observability:otelCollector": fragment });
    const none = await typesOf({ createNamespace: false });
    // What only services have, which settings do not make.
    const ofServices = (await recordStack({}, furtherServices))
      .map(({ type }) => type)
      .filter((type) => type.startsWith("kubernetes:"));
    assert.deepEqual([...new Set([...every, ...none, ...ofServices])].sort(), kinds.map(pulumiType).sort());
    const needed = kinds.filter(({ isOptional }) => !isOptional);
    assert.deepEqual([...none].sort(), needed.map(pulumiType).sort());
  });
});
