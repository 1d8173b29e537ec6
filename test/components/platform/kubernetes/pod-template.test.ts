import assert from "node:assert/strict";
import { dashed, fileKey } from "../../../../config/names.ts";
import {
  checkTemplate,
  podAttributes,
  podTemplate,
  type PodContext,
} from "../../../../components/platform/kubernetes/pod-template.ts";
import { probesOf, type Readiness } from "../../../../components/platform/probes.ts";
import type { Workload } from "../../../../components/platform/workload.ts";
import { instanceFact } from "../../../../config/env-value.ts";
import { expanded } from "../../../support/kubernetes-view.ts";
import { plainWorkload } from "../../../support/workloads.ts";

const place: PodContext = {
  stackName: "shop-dev",
  image: "registry.example.com/shop:1",
  serviceAccountName: "shop-account",
  configMapName: "shop-config-0a1b",
  secretName: "shop-secrets-2c3d",
  claims: [{ name: "shop-data", path: "/data", claimName: "shop-data" }],
  shared: [{ name: "shop-limits", path: "/etc/shop-limits", configMapName: "shop-limits" }],
  steps: [],
  copies: [
    {
      name: "shop-extra",
      mount: {
        name: "extra",
        image: { kind: "reference", reference: "extra:1" },
        from: "/extra/$(A).",
        path: "/mounted",
      },
      image: "extra:1",
    },
  ],
  settings: {
    imagePullSecrets: ["registry"],
    nodeSelector: { disk: "fast" },
    tolerations: [{ key: "dedicated", operator: "Exists", effect: "NoSchedule" }],
    resources: { shop: { cpuRequestMillicores: 100, cpuLimitMillicores: 500 } },
  },
};

const readiness: Readiness = {
  port: 80,
  httpPath: "/ready",
  selfCheck: "none",
  intervalSeconds: 2,
  startPeriodSeconds: 30,
  gates: true,
};

const workload: Workload = {
  ...plainWorkload,
  name: "shop",
  image: { kind: "reference", reference: "shop:1" },
  args: ["serve", "--at=$(HOST)"],
  env: { B: "$(A) costs $5", A: ["id=", instanceFact, ",uid=", { fill: "podUid" }, ",again=", instanceFact] },
  configFiles: [
    { path: "/etc/shop.yaml", content: "a: 1\n" },
    { path: "/etc/shop/other.yaml", content: "b: 1\n" },
  ],
  secretFiles: [],
  check: "none",
  ports: [
    { name: "http", port: 80, hostPort: 8000 },
    { name: "admin", port: 81, hostPort: "internal" },
  ],
  dataVolumes: [{ name: "shop_data", path: "/data", sizeMib: 1024 }],
  imageMounts: [
    { name: "extra", image: { kind: "reference", reference: "extra:1" }, from: "/extra/$(A).", path: "/mounted" },
  ],
  scratchPaths: [
    { path: "/tmp", sizeMib: "none" },
    { path: "/cache", sizeMib: 32 },
  ],
  probes: probesOf(readiness),
  memoryMib: 128,
  userId: 1000,
  groupId: 1001,
  stopGraceSeconds: 45,
  replicas: 2,
  readsInstances: true,
};

/** Arguments without Outputs are plain values. */
function template(change: Partial<Workload> = {}, placeChange: Partial<PodContext> = {}): unknown {
  return JSON.parse(JSON.stringify(podTemplate({ ...workload, ...change }, { ...place, ...placeChange })));
}

interface Template {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly automountServiceAccountToken: boolean;
    readonly terminationGracePeriodSeconds: number;
    readonly containers: readonly [
      {
        readonly args: readonly string[];
        readonly env: readonly { readonly name: string; readonly value?: string }[];
        readonly resources: unknown;
        readonly lifecycle?: unknown;
        readonly readinessProbe?: unknown;
        readonly livenessProbe?: unknown;
      },
    ];
    readonly volumes: readonly unknown[];
  };
}

function typed(change: Partial<Workload> = {}, placeChange: Partial<PodContext> = {}): Template {
  return template(change, placeChange) as Template;
}

describe("the template of a pod", () => {
  it("is left as it is for a while before it is stopped, unless it is a store, which nobody takes over from", () => {
    const stop = (change: Partial<Workload>, claims = place.claims): unknown => {
      const { terminationGracePeriodSeconds, containers } = typed(change, { claims }).spec;
      return [terminationGracePeriodSeconds, containers[0].lifecycle];
    };
    assert.deepEqual(stop({}, []), [50, { preStop: { sleep: { seconds: 5 } } }]);
    assert.deepEqual(stop({}), [45, undefined]);
    assert.deepEqual(stop({ ports: [] }, []), [45, undefined]);
  });

  it("is exactly this for a workload that uses everything", () => {
    const probe = { path: "/ready", port: 80 };
    assert.deepEqual(template({ secretFiles: [] }), {
      metadata: {
        labels: {
          "app.kubernetes.io/name": "shop",
          "app.kubernetes.io/instance": "shop-dev",
          "app.kubernetes.io/part-of": "observability",
          "app.kubernetes.io/managed-by": "pulumi",
          "observability/role": "service",
        },
      },
      spec: {
        serviceAccountName: "shop-account",
        automountServiceAccountToken: true,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: 45,
        imagePullSecrets: [{ name: "registry" }],
        nodeSelector: { disk: "fast" },
        tolerations: [{ key: "dedicated", operator: "Exists", effect: "NoSchedule" }],
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 1000,
          runAsGroup: 1001,
          fsGroup: 1001,
          fsGroupChangePolicy: "OnRootMismatch",
          seccompProfile: { type: "RuntimeDefault" },
        },
        initContainers: [
          {
            name: "shop-extra",
            image: "extra:1",
            imagePullPolicy: "IfNotPresent",
            command: ["cp", "-r", "/extra/$$(A).", "/mounted"],
            resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { cpu: "500m", memory: "64Mi" } },
            securityContext: {
              allowPrivilegeEscalation: false,
              privileged: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ["ALL"] },
            },
            volumeMounts: [{ name: "shop-extra", mountPath: "/mounted" }],
            terminationMessagePolicy: "FallbackToLogsOnError",
          },
        ],
        containers: [
          {
            name: "shop",
            image: "registry.example.com/shop:1",
            imagePullPolicy: "IfNotPresent",
            args: ["serve", "--at=$$(HOST)"],
            env: [
              // What is named in a value has to stand above it.
              { name: "K8S_POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
              { name: "K8S_POD_UID", valueFrom: { fieldRef: { fieldPath: "metadata.uid" } } },
              { name: "A", value: "id=$(K8S_POD_NAME),uid=$(K8S_POD_UID),again=$(K8S_POD_NAME)" },
              { name: "B", value: "$$(A) costs $$5" },
            ],
            ports: [
              { name: "http", containerPort: 80, protocol: "TCP" },
              { name: "admin", containerPort: 81, protocol: "TCP" },
            ],
            readinessProbe: { httpGet: probe, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 3 },
            livenessProbe: {
              httpGet: probe,
              initialDelaySeconds: 30,
              periodSeconds: 30,
              timeoutSeconds: 10,
              failureThreshold: 10,
            },
            resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { cpu: "500m", memory: "128Mi" } },
            securityContext: {
              allowPrivilegeEscalation: false,
              privileged: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ["ALL"] },
            },
            volumeMounts: [
              { name: "config", mountPath: "/etc/shop.yaml", subPath: "etc_shop.yaml", readOnly: true },
              { name: "config", mountPath: "/etc/shop/other.yaml", subPath: "etc_shop_other.yaml", readOnly: true },
              { name: "shop-data", mountPath: "/data" },
              { name: "shop-limits", mountPath: "/etc/shop-limits", readOnly: true },
              { name: "scratch-0", mountPath: "/tmp" },
              { name: "scratch-1", mountPath: "/cache" },
              { name: "shop-extra", mountPath: "/mounted", readOnly: true },
            ],
            terminationMessagePolicy: "FallbackToLogsOnError",
          },
        ],
        volumes: [
          { name: "config", configMap: { name: "shop-config-0a1b", defaultMode: 0o444 } },
          { name: "secrets", secret: { secretName: "shop-secrets-2c3d", defaultMode: 0o444 } },
          { name: "shop-data", persistentVolumeClaim: { claimName: "shop-data" } },
          { name: "shop-limits", configMap: { name: "shop-limits", defaultMode: 0o444 } },
          { name: "scratch-0", emptyDir: {} },
          { name: "scratch-1", emptyDir: { sizeLimit: "32Mi" } },
          { name: "shop-extra", emptyDir: {} },
        ],
      },
    });
  });

  it("has no volume for files that it has not, and asks for a little of a processor unless told otherwise", () => {
    const { spec } = typed(
      { configFiles: [], dataVolumes: [], imageMounts: [], scratchPaths: [] },
      {
        configMapName: undefined,
        secretName: undefined,
        shared: [],
        claims: [],
        copies: [],
        settings: { ...place.settings, resources: {} },
      },
    );
    assert.deepEqual(spec.volumes, []);
    assert.deepEqual(spec.containers[0].resources, {
      requests: { cpu: "20m", memory: "128Mi" },
      limits: { memory: "128Mi" },
    });
  });

  it("says that a backend is one", () => {
    assert.equal(typed({ name: "loki" }).metadata.labels["observability/role"], "backend");
  });

  it("has no token where nothing is asked of the API server", () => {
    const hasToken = (access: "reads" | "changes"): boolean => {
      const sharedFiles = [{ name: "shop_limits", path: "/etc/shop-limits/limits.yaml", content: "{}", access }];
      return typed({ readsInstances: false, sharedFiles }).spec.automountServiceAccountToken;
    };
    assert.deepEqual([hasToken("reads"), hasToken("changes")], [false, true]);
  });

  it("has no probes where nothing answers", () => {
    const { readinessProbe, livenessProbe } = typed({ probes: probesOf({ ...readiness, httpPath: "none" }) }).spec
      .containers[0];
    assert.deepEqual([readinessProbe, livenessProbe], [undefined, undefined]);
  });

  it("has variables about the pod only where a value needs them", () => {
    assert.deepEqual(typed({ env: { A: "plain" } }).spec.containers[0].env, [{ name: "A", value: "plain" }]);
    const attributes = Object.values(podAttributes("team-a")).flatMap((value) => [",", value]);
    assert.deepEqual(typed({ env: { A: attributes } }).spec.containers[0].env.at(-1), {
      name: "A",
      value: ",team-a,$(K8S_POD_NAME),$(K8S_POD_UID),$(K8S_NODE_NAME)",
    });
  });

  it("leaves a user's own variable alone that has the name of one about the pod", () => {
    const env = { K8S_POD_NAME: "mine", K8S_POD_NAME_: "mine too", A: ["id=", instanceFact] };
    const { env: rendered } = typed({ env }).spec.containers[0];
    assert.deepEqual(rendered, [
      { name: "K8S_POD_NAME__", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "A", value: "id=$(K8S_POD_NAME__)" },
      { name: "K8S_POD_NAME", value: "mine" },
      { name: "K8S_POD_NAME_", value: "mine too" },
    ]);
  });

  it("hands dollars over as they are, and puts no variable in the place of a user's own text", () => {
    const texts = ["$(K8S_POD_NAME)", "~instance~", "~pod-uid~", "~node~", "$$(A)", "$(A", "$A", "$", "a)$(b"];
    const { args, env } = typed({ args: texts, env: { A: [instanceFact, ` ${texts.join(" ")}`] } }).spec.containers[0];
    const variables = { K8S_POD_NAME: "shop-1", A: "not this", HOST: "not this" };
    assert.deepEqual(
      args.map((text) => expanded(text, variables)),
      texts,
    );
    assert.equal(expanded(env.at(-1)?.value ?? "", variables), `shop-1 ${texts.join(" ")}`);
  });

  it("is the same whatever the order in which the environment was written", () => {
    assert.deepEqual(template({ env: { A: "1", B: "2" } }), template({ env: { B: "2", A: "1" } }));
  });
});

describe("the template of a pod that checks files", () => {
  it("is exactly the workload's, but for what answers, what is kept, who it is to the API server, and that it ends", () => {
    const { metadata, spec } = typed({}, { copies: [] });
    const [container] = spec.containers;
    const { readinessProbe: _, livenessProbe: __, ...rest } = container;
    const mounts = (container as unknown as { readonly volumeMounts: readonly { readonly name: string }[] })
      .volumeMounts;
    const isData = ({ name }: { readonly name: string }): boolean => ["shop-data", "shop-limits"].includes(name);
    const check = { args: ["validate", "$(A)"], setting: "shop.config" };
    assert.deepEqual(JSON.parse(JSON.stringify(checkTemplate(workload, check, { ...place, copies: [] }))), {
      metadata: {
        labels: {
          ...metadata.labels,
          "app.kubernetes.io/name": "shop-check",
          "observability/role": "check",
        },
      },
      spec: {
        ...spec,
        restartPolicy: "Never",
        automountServiceAccountToken: false,
        containers: [
          {
            ...rest,
            name: "shop-check",
            args: ["validate", "$$(A)"],
            ports: [],
            resources: { requests: { cpu: "20m", memory: "128Mi" }, limits: { memory: "128Mi" } },
            volumeMounts: mounts.filter((mount) => !isData(mount)),
          },
        ],
        volumes: (spec.volumes as readonly { readonly name: string }[]).filter((volume) => !isData(volume)),
      },
    });
  });
});

describe("names inside a pod", () => {
  it("are keys of a ConfigMap for files, and have hyphens for volumes", () => {
    assert.equal(fileKey("/etc/loki/local-config.yaml"), "etc_loki_local-config.yaml");
    assert.equal(fileKey("/a b/ü.json"), "a_b__.json");
    assert.equal(dashed("loki_data"), "loki-data");
  });
});
