import assert from "node:assert/strict";
import { checkedInputs } from "../../../components/preview/checked-inputs.ts";
import { secretValue, unknownValue, type PreviewValues } from "../../../components/preview/values.ts";

describe("the inputs as a provider hands them to the engine", () => {
  const checked = (type: string, inputs: PreviewValues, old: Readonly<Record<string, unknown>> = {}): PreviewValues =>
    checkedInputs({ type, inputs }, old, new Map([["store-id", "0123abcd"]]));

  it("have no empty lists and maps of texts on Kubernetes, wherever they are, and keep what means something", () => {
    const spec = {
      nodeSelector: {},
      tolerations: [],
      containers: [{ name: "a", args: [], volumes: [{ emptyDir: {} }] }],
      from: [{ namespaceSelector: {}, podSelector: { matchLabels: {} } }],
      secretName: unknownValue,
    };
    assert.deepEqual(checked("kubernetes:apps/v1:Deployment", { spec }), {
      spec: {
        containers: [{ name: "a", volumes: [{ emptyDir: {} }] }],
        from: [{ namespaceSelector: {}, podSelector: {} }],
        secretName: unknownValue,
      },
    });
  });

  it("have the text of a Secret of Kubernetes as its data", () => {
    const secret = "kubernetes:core/v1:Secret";
    assert.deepEqual(checked(secret, { type: "Opaque", stringData: secretValue }), {
      type: "Opaque",
      data: secretValue,
    });
    assert.deepEqual(checked(secret, { data: { a: "eA==" }, stringData: { b: "y", c: secretValue } }), {
      data: { a: "eA==", b: "eQ==", c: secretValue },
    });
    assert.deepEqual(checked(secret, { type: "Opaque" }), { type: "Opaque" });
  });

  it("keep the name that the provider has given, unless the program gives one", () => {
    const annotations = { "pulumi.com/autonamed": "true", a: "b" };
    const old = { metadata: { name: "x-1234", annotations } };
    const config = "kubernetes:core/v1:ConfigMap";
    assert.deepEqual(checked(config, { metadata: { annotations: { a: "b" } } }, old), { metadata: old.metadata });
    assert.deepEqual(checked(config, { metadata: { name: "own" } }, old), { metadata: { name: "own" } });
    assert.deepEqual(checked(config, { metadata: { namespace: "n" } }, { metadata: { name: "x" } }), {
      metadata: { namespace: "n" },
    });
  });

  it("have the id of what is deployed, wherever they refer to it", () => {
    const labels = [{ label: "waits-for", value: "store-id" }, secretValue];
    assert.deepEqual(checked("docker:index/container:Container", { labels, name: "a-store-id" }), {
      labels: [{ label: "waits-for", value: "0123abcd" }, secretValue],
      name: "a-store-id",
    });
  });

  it("are those of the program with every other provider", () => {
    const inputs = { labels: {}, command: [], stringData: "x" };
    assert.deepEqual(checked("docker:index/container:Container", inputs), inputs);
  });
});
