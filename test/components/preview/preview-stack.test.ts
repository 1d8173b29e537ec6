import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { withCode } from "../../../config/coded-error.ts";
import { InstrumentedService, ObservabilityStack } from "../../../components/index.ts";
import { previewStack, secretValue, unknownValue } from "../../../components/testing.ts";
import type { PreviewResource, StackPreview, StackPreviewOptions } from "../../../components/testing.ts";
import { dashboardFiles } from "../../../config/grafana/dashboards/dashboards.ts";
import { runbooksFile } from "../../../config/grafana/dashboards/runbooks.ts";
import { lokiConfig } from "../../../config/parts/loki.ts";
import { dockerTypes } from "../../support/docker-view.ts";
import { recordResources } from "../../support/record-resources.ts";
import { settings } from "../../support/settings.ts";
import { imageFolder } from "../../support/workloads.ts";
import {
  allFurtherParts,
  furtherHosts,
  furtherMemoryMib,
  furtherKept,
  furtherParts,
  furtherPorts,
  furtherResources,
  furtherUrls,
} from "../../support/further-parts.ts";
import { partList } from "../../../config/parts/parts.ts";
import { noSurroundings, partProcess } from "../../../config/parts/processes.ts";

/** Half as many resources, for what does not depend on them. */
const small = { observability: false };
const image = "registry.example.com/shop/checkout:1.4.2";

/** A resource of a provider that nobody has. */
class Thing extends pulumi.CustomResource {
  declare readonly made: pulumi.Output<string>;

  constructor(
    name: string,
    inputs: Readonly<Record<string, pulumi.Input<unknown>>>,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super("test:index:Thing", name, { ...inputs, made: undefined }, opts);
  }
}

function one({ resources }: StackPreview, type: string, name: string): PreviewResource {
  const [found, ...others] = resources.filter((resource) => resource.type === type && resource.name === name);
  assert.ok(found, `${type} ${name} is missing`);
  assert.deepEqual(others, []);
  return found;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** What reaches those who listen for rejections that nobody handles, mocha among them, while an action runs. */
async function strayRejections(action: () => Promise<unknown>): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  const listener = (reason: unknown): void => {
    seen.push(reason);
  };
  process.on("unhandledRejection", listener);
  try {
    await action();
    await nextTurn();
  } finally {
    process.off("unhandledRejection", listener);
  }
  return seen;
}

describe("previewStack", () => {
  it("returns every resource under the URN that a deployment gives it", async () => {
    const { resources } = await previewStack();
    const own = "urn:pulumi:dev::observability::observability:index:ObservabilityStack";
    const loki = resources.map(({ urn }) => urn).filter((urn) => urn.includes("Loki"));
    // Beside what a part has by itself, its image.
    assert.equal(resources.length, 32 + furtherResources("observability").length + furtherHosts.length);
    const further = resources.filter(({ name }) =>
      allFurtherParts.some(([, { host }]) => name.startsWith(`observability-${host}`)),
    );
    assert.deepEqual(further.map(({ name }) => name).sort(), furtherResources("observability"));
    assert.deepEqual(loki, [
      `${own}$observability:index:Loki$docker:index/container:Container::observability-loki`,
      `${own}$observability:index:Loki$docker:index/container:Container::observability-loki-data-owner`,
      `${own}$observability:index:Loki$docker:index/container:Container::observability-loki-ready`,
      `${own}$observability:index:Loki$docker:index/volume:Volume::observability-loki-data`,
      `${own}$observability:index:Loki::observability-loki`,
    ]);
    assert.deepEqual(
      resources.map(({ urn }) => urn),
      resources.map(({ urn }) => urn).sort(),
    );
  });

  it("returns type, name, parent, inputs, outputs, protection and dependencies of a resource", async () => {
    const preview = await previewStack();
    const component = one(preview, "observability:index:Loki", "observability-loki");
    const { urn: _, provider, ...volume } = one(preview, dockerTypes.volume, "observability-loki-data");
    const values = {
      name: "observability-dev_loki_data",
      labels: [
        { label: "observability.stack", value: "observability/dev" },
        { label: "observability.name", value: "observability-dev" },
        { label: "observability.workload", value: "loki" },
      ],
    };
    assert.match(provider, /\$pulumi:providers:docker::observability-docker::/);
    assert.deepEqual(volume, {
      type: "docker:index/volume:Volume",
      name: "observability-loki-data",
      parent: component.urn,
      custom: true,
      inputs: values,
      outputs: values,
      protect: true,
      dependencies: [],
      deleteBeforeReplace: false,
      ignoreChanges: ["labels", "driver", "driverOpts"],
      replaceOnChanges: [],
      deleteTimeout: "",
    });
    const container = one(preview, dockerTypes.container, "observability-loki");
    assert.ok(container.dependencies.includes(one(preview, dockerTypes.volume, "observability-loki-data").urn));
    assert.equal(component.custom, false);
    assert.equal(component.parent, one(preview, "observability:index:ObservabilityStack", "observability").urn);
  });

  it("marks secrets and has the text of none", async () => {
    const preview = await previewStack({}, () => {
      new Thing("thing", { token: pulumi.secret("hunter2"), list: [{ inner: pulumi.secret("hunter2") }] });
    });
    assert.deepEqual(one(preview, "test:index:Thing", "thing").inputs, {
      token: secretValue,
      list: [{ inner: secretValue }],
    });
    const password = one(preview, "random:index/randomPassword:RandomPassword", "observability-grafana-admin-password");
    assert.equal(password.outputs["result"], secretValue);
    const stack = one(preview, "observability:index:ObservabilityStack", "observability");
    assert.equal(stack.outputs["grafanaPassword"], secretValue);
    assert.deepEqual(
      preview.files
        .filter(({ secret, content }) => secret && content === undefined)
        .map(({ path }) => path)
        .sort(),
      [
        "/run/secrets/grafana-admin-password",
        "/run/secrets/grafana-secret-key",
        "/run/secrets/victoria-metrics-admin-key",
        ...furtherParts.flatMap(([, { generatedSecrets }]) => Object.values(generatedSecrets).map(({ path }) => path)),
      ].sort(),
    );
    assert.doesNotMatch(JSON.stringify(preview), /hunter2|generated by/);
  });

  it("marks what only a deployment can know", async () => {
    const preview = await previewStack({}, () => {
      const first = new Thing("first", {});
      new Thing("second", { from: first.made, text: pulumi.interpolate`x${first.made}` });
    });
    assert.deepEqual(one(preview, "test:index:Thing", "second").inputs, { from: unknownValue, text: unknownValue });
  });

  it("asks nothing of the machine: the address of Docker is unknown unless the settings have it", async () => {
    const before = process.env["DOCKER_CONTEXT"];
    // There is no such context; a deployment says so.
    process.env["DOCKER_CONTEXT"] = "nowhere";
    try {
      const host = async (preview: Promise<StackPreview>): Promise<unknown> =>
        one(await preview, "pulumi:providers:docker", "observability-docker").inputs["host"];
      assert.equal(await host(previewStack()), unknownValue);
      assert.equal(await host(previewStack({ docker: { host: "ssh://me@there" } })), "ssh://me@there");
    } finally {
      if (before === undefined) delete process.env["DOCKER_CONTEXT"];
      else process.env["DOCKER_CONTEXT"] = before;
    }
  });

  it("has every file of every workload", async () => {
    const { files } = await previewStack({ retentionHours: 48 });
    const further = furtherParts.flatMap(([name, { host, generatedSecrets }]) => {
      const { configFiles } = partProcess(name, settings(), noSurroundings);
      return [...configFiles, ...Object.values(generatedSecrets)].map(({ path }) => `${host} ${path}`);
    });
    assert.deepEqual(
      files.map(({ workload, path }) => `${workload} ${path}`),
      [
        ...[...dashboardFiles(), runbooksFile()].map(({ path }) => `grafana ${path}`),
        "grafana /etc/grafana/provisioning/alerting/stack.yaml",
        "grafana /etc/grafana/provisioning/dashboards/stack.yaml",
        "grafana /etc/grafana/provisioning/datasources/stack.yaml",
        "grafana /run/secrets/grafana-admin-password",
        "grafana /run/secrets/grafana-secret-key",
        "jaeger /etc/jaeger/config.yaml",
        "loki /etc/loki/local-config.yaml",
        "otel-collector /etc/otelcol-contrib/config.yaml",
        "victoria-metrics /run/secrets/victoria-metrics-admin-key",
        ...further,
      ].sort(),
    );
    const { loki, memoryMib } = settings();
    const expected = lokiConfig({ ...loki, retentionHours: 48, memoryMib: memoryMib.loki });
    assert.equal(files.find(({ workload }) => workload === "loki")?.content, expected);
  });

  it("has the ports and addresses on this machine, and what they lead to", async () => {
    const { ports, urls } = await previewStack({ ports: { grafana: 13000 } }, (stack) => {
      new InstrumentedService("checkout", { stack, image, ports: [{ name: "http", port: 8080, hostPort: 8085 }] });
    });
    assert.deepEqual(
      ports.map(({ hostPort, workload, port, name }) => `${hostPort} ${workload}:${port} ${name}`),
      [
        ...["3100 loki:3100 http", "4317 otel-collector:4317 otlp-grpc", "4318 otel-collector:4318 otlp-http"],
        ...["8085 checkout:8080 http", "8428 victoria-metrics:8428 http", "13000 grafana:3000 http"],
        "16686 jaeger:16686 query",
        ...furtherParts.flatMap(([, { host, ports }]) =>
          Object.entries(ports).flatMap(([name, { port, published }]) =>
            published === undefined ? [] : [`${port} ${host}:${port} ${name}`],
          ),
        ),
      ].sort((a, b) => parseInt(a, 10) - parseInt(b, 10)),
    );
    assert.deepEqual(
      ports.map(({ address }) => address),
      ports.map(({ hostPort }) => `127.0.0.1:${hostPort}`),
    );
    assert.deepEqual(urls, {
      grafana: "http://127.0.0.1:13000",
      loki: "http://127.0.0.1:3100",
      victoriaMetrics: "http://127.0.0.1:8428",
      jaeger: "http://127.0.0.1:16686",
      otlpGrpc: "http://127.0.0.1:4317",
      otlpHttp: "http://127.0.0.1:4318",
      ...furtherUrls,
    });
  });

  it("adds up what the stack takes of the machine, each instance by itself", async () => {
    const { footprint } = await previewStack({ memoryMib: { loki: 300 } }, (stack) => {
      new InstrumentedService("checkout", { stack, image, memoryMib: 64, replicas: 2 });
    });
    assert.deepEqual(
      footprint.instances.map(({ name, workload, memoryMib }) => `${name} ${workload} ${memoryMib}`),
      [
        "observability-dev-checkout checkout 64",
        "observability-dev-checkout-2 checkout 64",
        "observability-dev-grafana grafana 384",
        "observability-dev-jaeger jaeger 512",
        "observability-dev-loki loki 300",
        "observability-dev-otel-collector otel-collector 256",
        "observability-dev-victoria-metrics victoria-metrics 256",
        ...furtherParts.map(([, { host, memoryMib }]) => `observability-dev-${host} ${host} ${memoryMib.default}`),
      ].sort(),
    );
    assert.equal(footprint.memoryMib, 64 + 64 + 384 + 512 + 300 + 256 + 256 + furtherMemoryMib);
    assert.deepEqual(
      footprint.volumes.map(({ name, workload, path }) => `${name} ${workload}:${path}`),
      [
        "observability-dev_grafana_data grafana:/var/lib/grafana",
        "observability-dev_jaeger_data jaeger:/badger",
        "observability-dev_loki_data loki:/loki",
        "observability-dev_otel_collector_queue otel-collector:/var/lib/otelcol",
        "observability-dev_victoria_metrics_data victoria-metrics:/victoria-metrics-data",
        ...furtherKept.map(({ host, data }) => `observability-dev_${data.volume} ${host}:${data.path}`),
      ].sort(),
    );
    assert.deepEqual(
      footprint.hostPorts,
      [3000, 3100, 4317, 4318, 8428, 16686, ...furtherPorts.map(({ port }) => port)].sort((a, b) => a - b),
    );
  });

  it("has data and nothing that runs without observability", async () => {
    const { files, ports, urls, footprint } = await previewStack({ observability: false });
    assert.deepEqual([files, ports, urls], [[], [], {}]);
    const { volumes, ...rest } = footprint;
    assert.equal(volumes.length, 5 + furtherKept.length);
    assert.deepEqual(rest, { memoryMib: 0, instances: [], hostPorts: [] });
  });

  it("has only names that Pulumi takes, and says so before anything else", async () => {
    for (const [options, lines] of [
      [
        null,
        [
          "options: must be a group of settings, got null; write its settings (name, project, stack) below it, or leave it out",
        ],
      ],
      [{ nam: "o11y" }, ["nam: is no option, got a value that is not shown; did you mean name?"]],
      [
        { name: "", project: "a b", stack: 5 },
        [
          'name: must be one line of 1 to 100 characters, got ""; leave it out',
          'project: must be 1 to 100 letters, digits, hyphens, underscores and dots, got "a b"; leave it out',
          "stack: must be 1 to 100 letters, digits, hyphens, underscores and dots, got 5; leave it out",
        ],
      ],
    ] as const) {
      await assert.rejects(previewStack({ retentionHours: 1 }, undefined, options as unknown as StackPreviewOptions), {
        name: "Error",
        message: withCode("OBS1006", lines.join("\n")),
      });
    }
  });

  it("takes the names under which the stack is deployed", async () => {
    const names = { name: "o11y", project: "shop", stack: "production" };
    const preview = await previewStack({}, undefined, names);
    assert.equal(
      one(preview, "observability:index:ObservabilityStack", "o11y").urn,
      "urn:pulumi:production::shop::observability:index:ObservabilityStack::o11y",
    );
    assert.equal(preview.footprint.volumes[0]?.name, "shop-production_grafana_data");
  });

  it("is the same, byte for byte, for the same settings", async () => {
    assert.equal(JSON.stringify(await previewStack()), JSON.stringify(await previewStack()));
  });
});

describe("a preview that fails", () => {
  it("rejects settings about a workload that the program does not declare, and takes them for one that it does", async () => {
    const kubernetes = { context: "kind-preview", resources: { checkout: { cpuRequestMillicores: 100 } } };
    await assert.rejects(previewStack({ target: "kubernetes", kubernetes }), {
      message: `kubernetes.resources.checkout: must be for a workload of the program, by its host name, got a group; write one of ${partList.map(({ host }) => host).join(", ")} (OBS1004)`,
    });
    const image = "registry.example.com/checkout:1.4.2";
    await previewStack(
      { target: "kubernetes", kubernetes },
      (stack) => new InstrumentedService("checkout", { stack, image }),
    );
  });

  it("rejects bad settings with the very error of a deployment", async () => {
    const bad = { retentionHours: 1, ports: { grafana: 1, loki: 70000 } };
    let message = "";
    await recordResources(() => {
      try {
        new ObservabilityStack("observability", bad);
      } catch (error) {
        message = (error as Error).message;
      }
    });
    assert.match(message, /^the configuration has 3 problem\(s\), nothing was changed \(OBS1001\):\n/);
    assert.deepEqual(await strayRejections(() => assert.rejects(previewStack(bad), { message })), []);
  });

  // A new one each time: Pulumi writes into the errors that it hands on.
  const failing = (): Error => new Error("the program is wrong");
  const failures: Readonly<Record<string, { program: (stack: ObservabilityStack) => unknown; message: RegExp }>> = {
    "a program that throws": {
      program: () => {
        throw failing();
      },
      message: /^the program is wrong$/,
    },
    "a program that rejects": { program: () => Promise.reject(failing()), message: /^the program is wrong$/ },
    "a program that throws while a resource is on its way that will fail": {
      program: () => {
        const late = nextTurn()
          .then(nextTurn)
          .then(() => Promise.reject(failing()));
        new Thing("thing", { value: late });
        throw new Error("the first problem");
      },
      message: /^the first problem$/,
    },
    "a service that is refused": {
      program: (stack) => new InstrumentedService("checkout", { stack, image, memoryMib: 1 }),
      message: /^checkout\.memoryMib: must be a whole number from 6 /,
    },
    "an input that is rejected": {
      program: () => new Thing("thing", { value: pulumi.output(Promise.reject(failing())) }),
      message: /the program is wrong/,
    },
    "a promise that nobody waits for": {
      program: () => void Promise.reject(failing()),
      message: /^the program is wrong$/,
    },
    "a call of a provider's function": {
      program: () => new Thing("thing", { value: pulumi.output(pulumi.runtime.invoke("test:index:look", {})) }),
      message:
        /^test:index:look: must not be called in a preview, which has no providers; pass its result in \(OBS1006\)$/,
    },
    "two resources of one name": {
      program: () => [new Thing("thing", {}), new Thing("thing", {})],
      message:
        /^urn:pulumi:dev::observability::test:index:Thing::thing: must be unique, got two resources; rename one of the two \(OBS1006\)$/,
    },
    "a preview within the preview": {
      program: () => previewStack(),
      message: /^a preview: must not be made by the program that is previewed; make it outside \(OBS1006\)$/,
    },
  };

  for (const [what, { program, message }] of Object.entries(failures)) {
    it(`rejects once, and leaves no rejection to mocha: ${what}`, async () => {
      const stray = await strayRejections(() => assert.rejects(previewStack(small, program), { message }));
      assert.deepEqual(stray, []);
    });
  }

  it("says where the program failed", async () => {
    const error = await previewStack(small, () => {
      throw new Error("here");
    }).catch((reason: unknown) => reason);
    assert.match(String((error as Error).stack), /preview-stack\.test\.ts/);
  });

  it("is followed by one that succeeds", async () => {
    await assert.rejects(previewStack({ retentionHours: 1 }));
    assert.equal((await previewStack(small)).footprint.volumes.length, 5 + furtherKept.length);
  });
});

describe("previewStack on Kubernetes", () => {
  const previewed = (): Promise<StackPreview> =>
    previewStack({ target: "kubernetes", kubernetes: { context: "kind-nowhere" } }, (stack) => {
      new InstrumentedService("checkout", { stack, build: { context: imageFolder }, memoryMib: 64, replicas: 3 });
    });

  it("returns every object under the URN that a deployment gives it, without a cluster and without Docker", async () => {
    const { resources } = await previewed();
    const own = "urn:pulumi:dev::observability::observability:index:ObservabilityStack";
    assert.deepEqual(
      resources.map(({ urn }) => urn).filter((urn) => urn.includes("Loki")),
      [
        `${own}$observability:index:Loki$kubernetes:apps/v1:StatefulSet::observability-loki`,
        `${own}$observability:index:Loki$kubernetes:core/v1:ConfigMap::observability-loki-config`,
        `${own}$observability:index:Loki$kubernetes:core/v1:PersistentVolumeClaim::observability-loki-data`,
        `${own}$observability:index:Loki$kubernetes:core/v1:Service::observability-loki`,
        `${own}$observability:index:Loki$kubernetes:networking.k8s.io/v1:NetworkPolicy::observability-loki`,
        `${own}$observability:index:Loki::observability-loki`,
      ],
    );
  });

  it("marks secrets and has the text of none, and what only a deployment knows is unknown", async () => {
    const preview = await previewed();
    const secret = one(preview, "kubernetes:core/v1:Secret", "observability-grafana-secrets");
    assert.equal(secret.inputs["stringData"], secretValue);
    assert.doesNotMatch(JSON.stringify(preview), /generated by/);
    assert.deepEqual(one(preview, "pulumi:providers:docker", "observability-docker").inputs, { host: unknownValue });
  });

  it("has the files and ports that the stack has on Docker, but for what the platform adds to the Collector", async () => {
    const [here, docker] = [await previewed(), await previewStack()];
    const isOther = ({ path }: { readonly path: string }): boolean => !path.includes("otelcol");
    assert.deepEqual(here.files.filter(isOther), docker.files.filter(isOther));
    assert.equal(here.files.length, docker.files.length);
    assert.deepEqual([here.ports, here.urls], [docker.ports, docker.urls]);
  });

  it("adds up what the stack takes, all copies of a workload under one name", async () => {
    const { footprint } = await previewed();
    assert.deepEqual(
      footprint.instances.map(
        ({ name, workload, replicas, memoryMib }) => `${name} ${workload} ${JSON.stringify(replicas)} ${memoryMib}`,
      ),
      [
        "deployment/checkout checkout 3 192",
        "statefulset/grafana grafana 1 384",
        "statefulset/jaeger jaeger 1 512",
        "statefulset/loki loki 1 256",
        "statefulset/otel-collector otel-collector 1 256",
        "statefulset/victoria-metrics victoria-metrics 1 256",
        ...furtherParts.map(([, { host, data, memoryMib }]) => {
          const controller = data === "none" ? "deployment" : "statefulset";
          return `${controller}/${host} ${host} 1 ${memoryMib.default}`;
        }),
      ].sort(),
    );
    assert.deepEqual(
      footprint.volumes.map(({ name, workload, path }) => `${name} ${workload}:${path}`),
      [
        "grafana-data grafana:/var/lib/grafana",
        "jaeger-data jaeger:/badger",
        "loki-data loki:/loki",
        "otel-collector-queue otel-collector:/var/lib/otelcol",
        "victoria-metrics-data victoria-metrics:/victoria-metrics-data",
        ...furtherKept.map(({ host, data }) => `${data.volume.replaceAll("_", "-")} ${host}:${data.path}`),
      ].sort(),
    );
  });
});

describe("previews in one process", () => {
  it("wait for each other, in the order of the calls", async () => {
    const events: string[] = [];
    const preview = (hours: number): Promise<StackPreview> =>
      previewStack({ retentionHours: hours }, async () => {
        events.push(`${hours} begins`);
        await nextTurn();
        events.push(`${hours} ends`);
      });
    const previews = await Promise.all([preview(24), preview(48)]);
    assert.deepEqual(events, ["24 begins", "24 ends", "48 begins", "48 ends"]);
    const retentions = previews.map(({ files }) => {
      const content = files.find(({ workload }) => workload === "loki")?.content;
      return /retention_period: (\w+)/.exec(content ?? "")?.[1];
    });
    assert.deepEqual(retentions, ["24h", "48h"]);
  });

  it("leave the mocks of others as they are", async () => {
    const seen: string[] = [];
    await pulumi.runtime.setMocks(
      {
        newResource: ({ name, inputs }: pulumi.runtime.MockResourceArgs) => {
          seen.push(name);
          return { id: `${name}-id`, state: inputs as object };
        },
        call: () => ({}),
      },
      "theirs",
      "test",
    );
    pulumi.runtime.setAllConfig({ "theirs:key": "value" });
    await previewStack(small);
    assert.deepEqual([pulumi.getProject(), pulumi.getStack(), pulumi.runtime.isDryRun()], ["theirs", "test", false]);
    assert.deepEqual(pulumi.runtime.allConfig(), { "theirs:key": "value" });
    const thing = new Thing("thing", { value: 1 });
    const id = await new Promise((resolve) => thing.id.apply(resolve));
    assert.deepEqual([seen, id], [["thing"], "thing-id"]);
  });

  it("put back what they change of the process, whether they fail or not", async () => {
    const { stackTraceLimit } = Error;
    const listeners = process.rawListeners("unhandledRejection");
    Error.stackTraceLimit = 7;
    try {
      await previewStack(small);
      assert.equal(Error.stackTraceLimit, 7);
      await assert.rejects(previewStack({ retentionHours: 1 }));
      assert.equal(Error.stackTraceLimit, 7);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
    assert.deepEqual(process.rawListeners("unhandledRejection"), listeners);
  });
});
