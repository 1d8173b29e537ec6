import assert from "node:assert/strict";
import { previewProgram } from "../../components/preview/preview-program.ts";
import { CodedError } from "../../config/coded-error.ts";
import { InstrumentedService, JoinedStack, ObservabilityStack, type StackConnection } from "../../components/index.ts";
import { recordProgram, recordResources, type RecordedResource } from "../support/record-resources.ts";
import { noDocker } from "../support/settings.ts";

const image = "registry.example.com/cart:1";
const kubernetes = { context: "test", namespace: "shop", otlpNamespaces: ["cart"], nodeSelector: { a: "b" } };

/** What the program that has the stack tells others, as it comes out of a stack reference. */
async function connection(target: "docker" | "kubernetes"): Promise<StackConnection> {
  const { outputs } = await recordProgram(() => {
    const given = { target, name: "shop", serviceNamespace: "shop", environment: "live", docker: { host: noDocker } };
    const secrets = { token: "hunter2" };
    const ports = { otlpHttp: 14318 };
    return { connection: new ObservabilityStack("o", { ...given, kubernetes, secrets, ports }).connection };
  });
  return JSON.parse(JSON.stringify(outputs["connection"])) as StackConnection;
}

/** Another program with a service beside that stack. */
async function joined(target: "docker" | "kubernetes"): Promise<readonly RecordedResource[]> {
  const known = await connection(target);
  return recordResources(() => {
    const stack = new JoinedStack("other", known, { docker: { host: noDocker } });
    new InstrumentedService("cart", { stack, image, ports: [{ name: "http", port: 8080 }] });
  });
}

function types(resources: readonly RecordedResource[]): readonly string[] {
  return resources.filter(({ custom }) => custom).map(({ type, name }) => `${type.split(":").at(-1)} ${name}`);
}

describe("a stack of another program", () => {
  it("is told of by plain data without a secret and without anything of a machine", async () => {
    const text = JSON.stringify(await connection("kubernetes"));
    assert.doesNotMatch(text, /hunter2|kubeconfig|loadCommand|tcp:/);
    assert.equal((await connection("docker")).settings.kubernetes, undefined);
  });

  it("has services of this one in its network on Docker, and nothing of it is made again", async () => {
    const resources = await joined("docker");
    assert.deepEqual(types(resources), [
      "Container other-cart",
      "RemoteImage other-image-registry.example.com-cart",
      "docker other-docker",
    ]);
    const { inputs } = resources.find(({ name, custom }) => custom && name === "other-cart") ?? assert.fail();
    assert.deepEqual(inputs["networksAdvanced"], [{ name: "shop", aliases: ["cart"] }]);
    assert.ok((inputs["envs"] as readonly string[]).includes("OTEL_SERVICE_NAME=shop-cart"));
    assert.match(String(inputs["envs"]), /deployment\.environment\.name=live/);
  });

  it("has images of its own names: two programs that build the same one would take it away from each other", async () => {
    const known = await connection("docker");
    const namesIn = async (stack: string): Promise<readonly string[]> => {
      const program = (): void => {
        const joined = new JoinedStack("other", known, { docker: { host: noDocker } });
        new InstrumentedService("cart", { stack: joined, image, instrument: "nodejs" });
      };
      const { resources } = await previewProgram(program, { project: "cart", stack });
      return resources.flatMap(({ type, inputs }) =>
        type === "docker:index/remoteImage:RemoteImage" && inputs["build"] !== undefined
          ? [JSON.stringify(inputs["name"])]
          : [],
      );
    };
    const [[one = ""], [other = ""]] = await Promise.all([namesIn("one"), namesIn("other")]);
    for (const name of [one, other]) assert.match(name, /^"shop-[0-9a-f]{8}-instrumentation-nodejs:[0-9a-f]+"$/);
    assert.notEqual(one, other);
  });

  it("has them in its namespace on Kubernetes, with the stack's label, by which its policies know them", async () => {
    const resources = await joined("kubernetes");
    const kinds = resources
      .filter(({ custom, type }) => custom && type.startsWith("kubernetes:"))
      .map(({ type }) => type);
    assert.deepEqual(kinds, ["kubernetes:apps/v1:Deployment", "kubernetes:core/v1:Service"]);
    const { inputs } = resources.find(({ type }) => type === "kubernetes:apps/v1:Deployment") ?? assert.fail();
    const { metadata, spec } = inputs as {
      metadata: { namespace: string };
      spec: { template: { metadata: { labels: Record<string, string> }; spec: Record<string, unknown> } };
    };
    assert.equal(metadata.namespace, "shop");
    assert.equal(spec.template.metadata.labels["app.kubernetes.io/instance"], "shop");
    assert.equal(spec.template.spec["serviceAccountName"], "shop");
    assert.deepEqual(spec.template.spec["nodeSelector"], { a: "b" });
  });

  it("may be known to this program with another kubeconfig and another namespace of its services", async () => {
    const known = await connection("kubernetes");
    await recordResources(() => {
      const stack = new JoinedStack("other", known, { serviceNamespace: "team", kubernetes: { kubeconfig: "./k" } });
      assert.equal(stack.settings.serviceNamespace, "team");
      assert.deepEqual([stack.settings.kubernetes.kubeconfig, stack.settings.kubernetes.context], ["./k", "test"]);
      assert.equal(stack.settings.ports.otlpHttp, 14318);
    });
  });

  it("is refused by anything that no program has told, before a resource is created", async () => {
    const known = await connection("docker");
    const change = "hand over the output `connection` of the program that has the stack";
    const wrong: readonly (readonly [unknown, string, errorCode?: string])[] = [
      [undefined, `connection: must be what a stack's \`connection\` is, got nothing; ${change}`],
      [[], `connection: must be what a stack's \`connection\` is, got an empty list; ${change}`],
      [
        { ...known, version: 2 },
        "connection.version: must be 1, which this version of the components knows, got 2; use one version in both programs",
      ],
      [
        { version: 1, settings: { target: "swarm" } },
        'target: must be one of docker, kubernetes, got "swarm"',
        "OBS1001",
      ],
    ];
    const resources = await recordResources(() => {
      for (const [given, message, errorCode = "OBS1003"] of wrong) {
        assert.throws(
          () => new JoinedStack("other", given as StackConnection),
          (error: unknown) => {
            assert.ok(error instanceof CodedError);
            assert.equal(error.errorCode, errorCode);
            return error.message.includes(message);
          },
        );
      }
    });
    assert.deepEqual(resources, []);
  });
});
