import assert from "node:assert/strict";
import * as docker from "@pulumi/docker";
import { CronJob } from "@pulumi/kubernetes/batch/v1/cronJob.js";
import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment.js";
import * as pulumi from "@pulumi/pulumi";
import { withCode } from "../../config/coded-error.ts";
import {
  instrument,
  InstrumentedService,
  instrumentation,
  ObservabilityStack,
  otelEnvFor,
} from "../../components/index.ts";
import { unknownValue } from "../../components/testing.ts";
import { recordResources } from "../support/record-resources.ts";
import { noDocker } from "../support/settings.ts";

type Inputs = Readonly<Record<string, unknown>>;

const otlpNamespaces = ["shop"];

function stackOn(target: "docker" | "kubernetes"): ObservabilityStack {
  const kubernetes = { context: "test", namespace: "observability", otlpNamespaces };
  return new ObservabilityStack("o", { target, docker: { host: noDocker }, kubernetes });
}

/** The inputs of the resource `cart` that a program makes beside a stack. */
async function cart(target: "docker" | "kubernetes", program: (stack: ObservabilityStack) => unknown): Promise<Inputs> {
  const resources = await recordResources(() => program(stackOn(target)));
  const found = resources.find(({ name }) => name === "cart");
  assert.ok(found);
  return found.inputs;
}

const image = "registry.example.com/cart:1";

function deployment(containers: object[], namespace: pulumi.Input<string> = "shop"): never {
  return { metadata: { namespace }, spec: { replicas: 2, template: { spec: { containers } } } } as never;
}

/** What Kubernetes gives to the container at a place in a pod. */
function envAt(inputs: Inputs, index = 0): readonly Inputs[] | undefined {
  const { template } = inputs["spec"] as { template: { spec: { containers: readonly { env?: readonly Inputs[] }[] } } };
  return template.spec.containers[index]?.env;
}

const identity =
  "service.namespace=apps,service.version=0.0.0,deployment.environment.name=test,service.instance.id=$(K8S_POD_NAME)," +
  "k8s.namespace.name=$(K8S_NAMESPACE_NAME),k8s.pod.name=$(K8S_POD_NAME),k8s.pod.uid=$(K8S_POD_UID),k8s.node.name=$(K8S_NODE_NAME)";

describe("instrument", () => {
  it("gives the first container of a Deployment the environment, its pod's facts first, and leaves the rest as it is", async () => {
    const inputs = await cart("kubernetes", (stack) => {
      const sidecar = { name: "proxy", image };
      return new Deployment("cart", instrument(deployment([{ name: "cart", image }, sidecar]), stack, "cart"));
    });
    const env = envAt(inputs) ?? [];
    assert.deepEqual(
      env.slice(0, 4).map(({ name, valueFrom }) => [name, (valueFrom as { fieldRef: Inputs }).fieldRef["fieldPath"]]),
      [
        ["K8S_POD_NAME", "metadata.name"],
        ["K8S_POD_UID", "metadata.uid"],
        ["K8S_NODE_NAME", "spec.nodeName"],
        ["K8S_NAMESPACE_NAME", "metadata.namespace"],
      ],
    );
    const values: Inputs = Object.fromEntries(env.slice(4).map(({ name, value }) => [String(name), value]));
    assert.equal(values["OTEL_EXPORTER_OTLP_ENDPOINT"], "http://otel-collector.observability.svc:4317");
    assert.equal(values["OTEL_SERVICE_NAME"], "apps-cart");
    assert.equal(values["OTEL_RESOURCE_ATTRIBUTES"], identity);
    assert.equal(envAt(inputs, 1), undefined);
    assert.equal((inputs["spec"] as Inputs)["replicas"], 2);
  });

  it("leaves variables of the user's own as they are, and has another name for a fact where theirs is taken", async () => {
    const own = [
      { name: "OTEL_SERVICE_NAME", value: "mine" },
      { name: "K8S_POD_NAME", value: "mine too" },
    ];
    const inputs = await cart(
      "kubernetes",
      (stack) => new Deployment("cart", instrument(deployment([{ name: "cart", image, env: own }]), stack, "cart")),
    );
    const env = envAt(inputs) ?? [];
    assert.deepEqual(env.slice(-2), own);
    assert.equal(env.filter(({ name }) => name === "OTEL_SERVICE_NAME").length, 1);
    assert.equal(env[0]?.["name"], "K8S_POD_NAME_");
    const attributes = String(env.find(({ name }) => name === "OTEL_RESOURCE_ATTRIBUTES")?.["value"]);
    assert.ok(attributes.includes("k8s.pod.name=$(K8S_POD_NAME_)"), attributes);
  });

  it("finds the pods of a CronJob, and containers by their names", async () => {
    const containers = [
      { name: "first", image },
      { name: "second", image },
    ];
    const job = { spec: { schedule: "@daily", jobTemplate: { spec: { template: { spec: { containers } } } } } };
    const inputs = await cart(
      "kubernetes",
      (stack) =>
        new CronJob(
          "cart",
          instrument(job as never, stack, "cart", { containers: ["second"], protocol: "http/protobuf" }),
        ),
    );
    const { jobTemplate } = inputs["spec"] as { jobTemplate: { spec: Inputs } };
    assert.equal(envAt({ spec: jobTemplate.spec }), undefined);
    const endpoint = envAt({ spec: jobTemplate.spec }, 1)?.find(({ name }) => name === "OTEL_EXPORTER_OTLP_ENDPOINT");
    assert.equal(endpoint?.["value"], "http://otel-collector.observability.svc:4318");
  });

  it("leaves what is known later unknown in a preview, and shows what is beside it", async () => {
    const unknown = (): pulumi.Output<string> => pulumi.output<string>(pulumi.unknown as never);
    const inputs = await cart("kubernetes", (stack) => {
      const env = [{ name: "URL", value: unknown() }];
      return new Deployment("cart", instrument(deployment([{ name: "cart", image: unknown(), env }]), stack, "cart"));
    });
    assert.deepEqual(envAt(inputs)?.at(-1), { name: "URL", value: unknownValue });
    assert.equal(
      (inputs["spec"] as { template: { spec: { containers: Inputs[] } } }).template.spec.containers[0]?.["image"],
      unknownValue,
    );
  });

  it("puts a container into the stack's network, beside its own, with variables", async () => {
    const inputs = await cart("docker", (stack) => {
      const args = { name: "cart-1", image, envs: ["A=1", pulumi.output("B=2"), "OTEL_SERVICE_NAME=mine"] };
      return new docker.Container("cart", instrument({ ...args, networksAdvanced: [{ name: "own" }] }, stack, "cart"));
    });
    const envs = inputs["envs"] as readonly string[];
    assert.deepEqual(envs.slice(0, 3), ["A=1", "B=2", "OTEL_SERVICE_NAME=mine"]);
    assert.equal(envs.filter((each) => each.startsWith("OTEL_SERVICE_NAME=")).length, 1);
    assert.ok(envs.includes("OTEL_EXPORTER_OTLP_ENDPOINT=http://otel-collector:4317"));
    assert.ok(envs.some((each) => each.endsWith(",service.instance.id=cart-1")));
    assert.deepEqual(inputs["networksAdvanced"], [{ name: "own" }, { name: "observability-test" }]);
  });

  it("names no instance of a container whose name Pulumi chooses", async () => {
    const inputs = await cart("docker", (stack) => new docker.Container("cart", instrument({ image }, stack, "cart")));
    assert.doesNotMatch(String(inputs["envs"]), /service\.instance\.id/);
  });

  it("changes nothing with observability: false", async () => {
    const resources = await recordResources(() => {
      const stack = new ObservabilityStack("o", { observability: false, docker: { host: noDocker } });
      assert.deepEqual(otelEnvFor(stack, "cart"), {});
      return new docker.Container("cart", instrument({ image }, stack, "cart"));
    });
    assert.deepEqual(resources.find(({ name }) => name === "cart")?.inputs, { image });
  });

  const refused: readonly (readonly ["docker" | "kubernetes", object, string])[] = [
    [
      "kubernetes",
      { image },
      "spec: must be that of something with pods, since the stack runs on Kubernetes, got nothing; hand over the arguments of a Deployment, StatefulSet, DaemonSet, Job, CronJob or Pod",
    ],
    [
      "kubernetes",
      deployment([], "cart"),
      'metadata.namespace: must be one of kubernetes.otlpNamespaces, from which the Collector takes telemetry, got "cart"; add cart to that setting of the stack',
    ],
    [
      "docker",
      deployment([]),
      "arguments: must be the arguments of a docker.Container, since the stack runs on Docker, got a group; hand over those, or use otelEnvFor(stack, name)",
    ],
    [
      "docker",
      { image, networkMode: "host" },
      'networkMode: must let it join the stack\'s network, got "host"; leave it out, or use otelEnvFor(stack, name, { from: "machine" })',
    ],
  ];
  for (const [target, args, message] of refused) {
    it(`refuses ${message.slice(0, 70)}`, async () => {
      await recordResources(() => {
        const stack = stackOn(target);
        assert.throws(() => instrument(args, stack, "cart"), { message: withCode("OBS1002", message) });
      });
    });
  }

  it("refuses options that are wrong, every problem at once", async () => {
    await recordResources(() => {
      const stack = stackOn("docker");
      const options = { serviceName: "a$b", protocol: "udp", container: ["a"] } as never;
      assert.throws(() => instrument({ image }, stack, "cart", options), {
        message: [
          'cart.serviceName: must be one line of 1 to 200 characters without $, got "a$b"; write for example shop-checkout',
          'cart.protocol: must be one of grpc, http/protobuf, got "udp"; write grpc, or leave it out',
          "cart.container: is no option, got a list; did you mean containers? (OBS1002)",
        ].join("\n"),
      });
    });
  });
});

describe("instrumentation", () => {
  it("instruments each resource that it can, by the resource's name, and leaves others alone", async () => {
    await recordResources(async () => {
      const transform = instrumentation(stackOn("docker"));
      const given = { custom: true, name: "cart", opts: {}, props: { image } };
      const changed = await transform({ ...given, type: "docker:index/container:Container" });
      assert.match(JSON.stringify(changed?.props["envs"]), /"OTEL_SERVICE_NAME=apps-cart"/);
      assert.equal(await transform({ ...given, type: "docker:index/volume:Volume" }), undefined);
    });
  });
});

describe("otelEnvFor", () => {
  it("says how a process in the network, or one on the machine, sends its telemetry", async () => {
    await recordResources(() => {
      const stack = stackOn("docker");
      const inside = otelEnvFor(stack, "cart", { version: "1.2" });
      assert.equal(inside["OTEL_EXPORTER_OTLP_ENDPOINT"], "http://otel-collector:4317");
      assert.equal(
        inside["OTEL_RESOURCE_ATTRIBUTES"],
        "service.namespace=apps,service.version=1.2,deployment.environment.name=test",
      );
      const outside = otelEnvFor(stack, "cart", { from: "machine", serviceName: "cart", protocol: "http/protobuf" });
      assert.deepEqual(
        [outside["OTEL_EXPORTER_OTLP_ENDPOINT"], outside["OTEL_SERVICE_NAME"]],
        [stack.urls.otlpHttp, "cart"],
      );
    });
  });

  it("is what a service tells others: its addresses, and the environment of another process of it", async () => {
    await recordResources(() => {
      const stack = stackOn("docker");
      const ports = [
        { name: "http", port: 8080 },
        { name: "admin", port: 9090 },
      ];
      const service = new InstrumentedService("cart", { stack, image, ports, version: "1.2" });
      assert.deepEqual(service.urls, { http: "http://cart:8080", admin: "http://cart:9090" });
      assert.equal(service.url, "http://cart:8080");
      assert.deepEqual(service.env, otelEnvFor(stack, "cart", { version: "1.2" }));
      const silent = new InstrumentedService("silent", { stack, image, telemetry: false });
      assert.deepEqual([silent.url, silent.env], [undefined, {}]);
    });
  });
});
