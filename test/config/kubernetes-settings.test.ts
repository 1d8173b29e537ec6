import assert from "node:assert/strict";
import { programSettings } from "../../config/program-settings.ts";
import { problemLines } from "../../config/problem.ts";
import { kubernetesProblems } from "../../config/kubernetes-problems.ts";
import { parseSettings } from "../../config/parse-settings.ts";
import type { StackSettingsInput } from "../../config/settings-and-defaults.ts";
import { asPulumiConfig, type Config } from "../support/program-config.ts";
import { recordedIdentity } from "../support/record-resources.ts";
import { gibOfQueues, settings } from "../support/settings.ts";
import { defaultCluster } from "../support/default-cluster.ts";
import { furtherParts } from "../support/further-parts.ts";

describe("the settings of a stack on Kubernetes", () => {
  const problems = (input: StackSettingsInput): readonly string[] =>
    problemLines(kubernetesProblems({ target: "kubernetes", ...input }));
  const context = "kind-a";

  it("are complete with a context alone", () => {
    assert.deepEqual(settings({ target: "kubernetes", kubernetes: { context } }).kubernetes, {
      context,
      namespace: "observability-test",
      ...defaultCluster,
    });
  });

  it("are in the namespace that they name, or else in one named after the stack", () => {
    const namespace = (input: StackSettingsInput): string => settings(input).kubernetes.namespace;
    assert.equal(namespace({ name: "shop" }), "shop");
    assert.equal(namespace({ name: "shop", kubernetes: { namespace: "team-a" } }), "team-a");
  });

  it("need a context, so that nothing is deployed by accident", () => {
    const line =
      'kubernetes.context: must be set with the target kubernetes, so that nothing is deployed by accident, got ""; name one of `kubectl config get-contexts`';
    assert.deepEqual(problems({}), [line]);
    assert.deepEqual(problems({ kubernetes: { context: "" } }), [line]);
    assert.throws(() => parseSettings({ target: "kubernetes" }, recordedIdentity), {
      message: `the configuration has 1 problem(s), nothing was changed (OBS1001):\n  ${line}`,
    });
  });

  for (const namespace of ["default", "kube-node-lease", "kube-public", "kube-system"]) {
    it(`make no namespace ${namespace}, which every cluster has`, () => {
      const rule =
        "must not be a namespace that every cluster has (default, kube-node-lease, kube-public, kube-system)";
      const change = "set another, or kubernetes.createNamespace to false";
      assert.deepEqual(problems({ name: "shop", kubernetes: { context, namespace } }), [
        `kubernetes.namespace: ${rule}, got "${namespace}"; ${change}`,
      ]);
      assert.deepEqual(problems({ name: namespace, kubernetes: { context } }), [
        `name: ${rule}, got "${namespace}"; ${change}`,
      ]);
      const existing = { context, namespace, createNamespace: false };
      assert.deepEqual(problems({ name: "shop", kubernetes: existing }), []);
    });
  }

  it("have no annotation of the ingress that Kubernetes refuses, or that says whose it is", () => {
    const ingress = (given: object): readonly string[] =>
      problems({ kubernetes: { context, ingress: { host: "grafana.example.com", insecure: true, ...given } } });
    const annotations = { "kubernetes.io/ingress.class": "nginx" };
    assert.deepEqual(ingress({ annotations }), []);
    assert.deepEqual(ingress({ annotations, className: "nginx" }), [
      'kubernetes.ingress.annotations."kubernetes.io/ingress.class": must not be set together with kubernetes.ingress.className, which Kubernetes refuses, got "nginx"; remove one of the two',
    ]);
    assert.deepEqual(ingress({ annotations: { "observability/stack": "other/dev" } }), [
      'kubernetes.ingress.annotations."observability/stack": must not replace the annotation that names the owner of the Ingress, got "other/dev"; remove it',
    ]);
  });

  it("have no ingress without TLS, unless they say so", () => {
    const ingress = (given: object): readonly string[] =>
      problems({ kubernetes: { context, ingress: { host: "grafana.example.com", ...given } } });
    assert.deepEqual(ingress({}), [
      'kubernetes.ingress.tlsSecretName: must be set with a host, or the password of Grafana travels readable, got ""; name a secret of the type kubernetes.io/tls, or set kubernetes.ingress.insecure to true',
    ]);
    assert.deepEqual([ingress({ tlsSecretName: "grafana-tls" }), ingress({ insecure: true })], [[], []]);
  });

  it("need room for the queues of the Collector, one for each store, to the last MiB", () => {
    const queue = (queueMib: number, otelCollector: number): readonly string[] =>
      problems({ otelCollector: { queueMib }, kubernetes: { context, storageGib: { otelCollector } } });
    const queues = 3 + furtherParts.filter(([, { exporter }]) => exporter !== "none").length;
    // 930 MiB for three queues.
    const most = Math.floor((3 * 1024) / (queues * 1.1));
    assert.deepEqual(queue(most, 3), []);
    assert.deepEqual(queue(most + 1, 4), []);
    assert.deepEqual(queue(most + 1, 3), [
      `kubernetes.storageGib.otelCollector: must hold the ${queues} queues of otelCollector.queueMib (${most + 1}) and a tenth on top, got 3; set at least 4, or a smaller queue`,
    ]);
    assert.deepEqual(problems({ otelCollector: { queueMib: 2048 }, kubernetes: { context } }), [
      `kubernetes.storageGib.otelCollector: must hold the ${queues} queues of otelCollector.queueMib (2048) and a tenth on top, got 4; set at least ${gibOfQueues(2048)}, or a smaller queue`,
    ]);
  });

  it("let logs take less than Loki's volume", () => {
    const limited = (maxDiskGib: number, loki: number): readonly string[] =>
      problems({ loki: { maxDiskGib }, kubernetes: { context, storageGib: { loki } } });
    assert.deepEqual(limited(9, 10), []);
    assert.deepEqual(limited(10, 10), [
      "loki.maxDiskGib: must be less than Loki's volume (kubernetes.storageGib.loki, 10), which has more on it than logs, got 10; set at most 9, or a larger volume",
    ]);
    assert.deepEqual(limited(1, 1), [
      "loki.maxDiskGib: must be less than Loki's volume (kubernetes.storageGib.loki, 1), which has more on it than logs, got 1; set a larger volume",
    ]);
  });

  it("let no pod ask for more of a processor than its limit, the default share included", () => {
    const shares = (loki: object): readonly string[] => problems({ kubernetes: { context, resources: { loki } } });
    assert.deepEqual(shares({ cpuRequestMillicores: 500, cpuLimitMillicores: 500 }), []);
    assert.deepEqual(shares({ cpuRequestMillicores: 500 }), []);
    assert.deepEqual(shares({ cpuLimitMillicores: 20 }), []);
    assert.deepEqual(shares({ cpuRequestMillicores: 500, cpuLimitMillicores: 499 }), [
      "kubernetes.resources.loki.cpuLimitMillicores: must be at least cpuRequestMillicores (500), got 499; set at least 500, or ask for less",
    ]);
    assert.deepEqual(shares({ cpuLimitMillicores: 10 }), [
      "kubernetes.resources.loki.cpuLimitMillicores: must be at least cpuRequestMillicores (20), got 10; set at least 20, or ask for less",
    ]);
  });

  it("may be whatever they are on Docker, which does not look at them", () => {
    const kubernetes = {
      context: "",
      storageGib: { otelCollector: 1 },
      resources: { loki: { cpuLimitMillicores: 1 } },
    };
    assert.deepEqual(kubernetesProblems({ target: "docker", kubernetes, otelCollector: { queueMib: 9999 } }), []);
    assert.deepEqual(kubernetesProblems({ kubernetes }), []);
  });

  it("are not judged together where one of them is wrong by itself, which is reported alone", () => {
    assert.deepEqual(kubernetesProblems({ target: "kubernetes", kubernetes: { context: 5 } }), []);
    assert.deepEqual(kubernetesProblems("kubernetes"), []);
  });

  for (const [kubernetes, line] of [
    [
      { context: "a\nb" },
      'context: must be the name of a context of the kubeconfig, got "a\\nb"; name one of `kubectl config get-contexts`',
    ],
    [
      { kubeconfig: "" },
      'kubeconfig: must be one line of 1 to 250 characters, got ""; write the path of a kubeconfig, or leave it out',
    ],
    [
      { storageGib: { loki: 0 } },
      "storageGib.loki: must be a whole number of GiB from 1 to 65536, got 0; set for example 10",
    ],
    [
      { imagePullSecrets: ["a", "B"] },
      'imagePullSecrets.1: must be at most 253 lower-case letters, digits and inner hyphens, in parts with dots in between, got "B"; name secrets of the namespace',
    ],
    [
      { otlpNamespaces: "shop" },
      'otlpNamespaces: must be a list of names of namespaces, got "shop"; name namespaces of the cluster',
    ],
    [
      { tolerations: [{ operator: "Is" }] },
      'tolerations.0.operator: must be one of Equal, Exists, got "Is"; write Equal, or leave it out',
    ],
    [
      { tolerations: [{ effect: "No" }] },
      'tolerations.0.effect: must be one of NoSchedule, PreferNoSchedule, NoExecute, got "No"; write NoSchedule, or leave it out',
    ],
    [
      { ingress: { host: "grafana_1" } },
      'ingress.host: must be a host name: at most 253 lower-case letters, digits and inner hyphens, in parts of at most 63 with dots in between, got "grafana_1"; write for example grafana.example.com',
    ],
    [{ nodeSelector: { disk: 1 } }, "nodeSelector.disk: must be text, got 1; put the value in quotes"],
    [
      { resources: { loki: { cpuRequestMillicores: 0 } } },
      "resources.loki.cpuRequestMillicores: must be a whole number of millicores from 1 to 1024000 (1000 are one core), got 0; set for example 100, or leave it out",
    ],
    [
      { createNamespace: "no" },
      'createNamespace: must be true or false, got "no"; write true or false, without quotes',
    ],
  ] as const) {
    it(`report kubernetes.${line.split(":")[0] ?? ""}`, () => {
      const input: unknown = { kubernetes };
      assert.throws(() => parseSettings(input, recordedIdentity), {
        message: `the configuration has 1 problem(s), nothing was changed (OBS1001):\n  kubernetes.${line}`,
      });
    });
  }
});

describe("the services' image on Kubernetes", () => {
  const parse = (config: Config): unknown => programSettings(asPulumiConfig(config), recordedIdentity);
  const target = "kubernetes";

  it("needs a way into a cluster that is not on this machine", () => {
    assert.throws(() => parse({ target, kubernetes: { context: "prod" } }), {
      message:
        'the configuration has 1 problem(s), nothing was changed (OBS1001):\n  kubernetes.registry: must be set, or kubernetes.loadCommand: the services\' image is built here and has to get into the cluster, got ""; name a registry that you may push to, or set exampleServices to false',
    });
  });

  it("has one by a registry, by a command, by the context, or is not built at all", () => {
    for (const config of [
      { kubernetes: { context: "prod", registry: "registry.example.com" } },
      { kubernetes: { context: "prod", loadCommand: "load it" } },
      { kubernetes: { context: "kind-a" } },
      { kubernetes: { context: "prod" }, exampleServices: false },
      { kubernetes: { context: "prod" }, target: "docker" },
    ]) {
      assert.doesNotThrow(() => parse({ target, ...config }));
    }
  });

  it("is no second problem of a context that is missing", () => {
    assert.throws(() => parse({ target }), {
      message: /^the configuration has 1 problem\(s\), .*\n {2}kubernetes\.context: [^\n]*$/,
    });
  });
});
