import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { serviceWorkload, type ServiceEnvironment } from "../../components/instrumented-service.ts";
import type { Platform } from "../../components/platform/platform.ts";
import { probesOf } from "../../components/platform/probes.ts";
import type { SecretFile, KnownWorkload } from "../../components/platform/workload.ts";
import { partWorkload } from "../../components/stack-part.ts";
import type { PartName } from "../../config/parts/parts.ts";
import type { StackSettingsInput } from "../../config/settings-and-defaults.ts";
import { settings } from "./settings.ts";
import { everyPart, furtherParts } from "./further-parts.ts";

/** Folder of an image that the tests describe and never build. */
export const imageFolder = join(import.meta.dirname, "..", "fixtures", "image");

/** Content of every secret file of {@link sampleWorkloads}. */
export const secretText = "the secret of the test";

/** A part of a stack with these settings, on a platform. */
function partOn(
  platform: PlatformFacts,
  name: PartName,
  secretFiles: readonly SecretFile[] = [],
  input: StackSettingsInput = {},
): KnownWorkload {
  return partWorkload(name, settings(input), platform, secretFiles);
}

function oneSecret(path = "/run/secrets/one"): readonly SecretFile[] {
  return [{ path, content: pulumi.secret(secretText) }];
}

/** The least that a workload can be. */
export const plainWorkload: KnownWorkload = {
  name: "plain",
  image: { kind: "reference", reference: "plain:1" },
  args: [],
  env: {},
  configFiles: [],
  secretFiles: [],
  check: "none",
  ports: [],
  dataVolumes: [],
  sharedFiles: [],
  imageMounts: [],
  initSteps: [],
  scratchPaths: [],
  probes: probesOf({
    port: 80,
    httpPath: "none",
    selfCheck: "none",
    intervalSeconds: 2,
    startPeriodSeconds: 10,
    gates: false,
  }),
  memoryMib: 64,
  memoryRequestMib: "all",
  cpuRequestMillicores: "default",
  cpuLimitMillicores: "none",
  userId: 1000,
  groupId: 1000,
  stopGraceSeconds: 10,
  replicas: 1,
  kubernetes: {},
  docker: {},
  readsInstances: false,
};

/** What descriptions ask a platform for. */
export type PlatformFacts = Pick<Platform, "enrichment" | "publicUrls" | "isOneMachine" | "instanceAttributes">;

/** A platform that has nothing to say. */
export const noFacts: PlatformFacts = {
  enrichment: {},
  publicUrls: {},
  isOneMachine: false,
  instanceAttributes: () => ({}),
};

function stackOn(platform: PlatformFacts): ServiceEnvironment {
  const instanceAttributes = (name: string): ReturnType<Platform["instanceAttributes"]> =>
    platform.instanceAttributes(name);
  return { settings: settings(), platform: { conflicts: () => [], instanceAttributes } };
}

const service = {
  // No platform puts anything in the place of a user's own text.
  command: ["serve", "--fast", "--costs=$(MODE) $$(MODE) $5"],
  env: { MODE: "fast=1", OTHER: "$(MODE) $$(MODE) $$ $5 ~instance~ ~pod-uid~ ~node~ $(K8S_POD_NAME)" },
  ports: [
    { name: "http", port: 8080, hostPort: 18080 },
    { name: "admin", port: 8081 },
  ],
  healthCheck: { port: 8080, path: "/healthz", command: ["check", "http://127.0.0.1:8080/healthz"] },
  userId: 1001,
  memoryMib: 192,
  memoryRequestMib: 96,
  cpuRequestMillicores: 250,
  cpuLimitMillicores: 1500,
  stopGraceSeconds: 25,
};

/**
 * Every kind of workload that the stack runs, by what it is: the parts, and services with several instances and
 * with an image of their own. Functions, since an Output belongs to the program that makes it.
 */
export const sampleWorkloads: Readonly<Record<string, (platform: PlatformFacts) => KnownWorkload>> = {
  Loki: (platform) => partOn(platform, "loki"),
  "Loki with a limit of its disk": (platform) => partOn(platform, "loki", [], everyPart),
  "the guard of that": (platform) => partOn(platform, "diskGuard", [], everyPart),
  VictoriaMetrics: (platform) =>
    partOn(platform, "victoriaMetrics", oneSecret("/run/secrets/victoria-metrics-admin-key")),
  Jaeger: (platform) => partOn(platform, "jaeger"),
  "the Collector": (platform) => partOn(platform, "otelCollector"),
  "the Collector with a fragment": (platform) => ({
    ...partOn(platform, "otelCollector", oneSecret(), {
      otelCollector: { config: { exporters: { debug: { verbosity: "basic" } } } },
    }),
    // A check has to have them as well.
    scratchPaths: [{ path: "/tmp", sizeMib: "none" }],
  }),
  Grafana: (platform) => partOn(platform, "grafana", oneSecret()),
  ...Object.fromEntries(
    furtherParts.map(([name, { title, generatedSecrets }]) => [
      title,
      (platform: PlatformFacts) =>
        partOn(
          platform,
          name,
          Object.values(generatedSecrets).flatMap(({ path }) => oneSecret(path)),
        ),
    ]),
  ),
  "a service with two instances": (platform) =>
    serviceWorkload(
      "shop-api",
      { ...service, image: "registry.example.com/shop/api:1.4.2", replicas: 2 },
      stackOn(platform),
    ),
  "a service with an image of its own": (platform) =>
    serviceWorkload(
      "shop-web",
      { ...service, build: { context: imageFolder, args: { BASE: "scratch" } } },
      stackOn(platform),
    ),
  "a service that is instrumented": (platform) =>
    serviceWorkload(
      "shop-cart",
      {
        ...service,
        image: "registry.example.com/shop/cart:1.4.2",
        instrument: "python",
        instrumentImage: "registry.example.com/instrumentation:1.0.0",
        replicas: 2,
      },
      stackOn(platform),
    ),
  "a service that mounts what is built here": (platform) => {
    const image = { kind: "build", name: "image", contextPath: imageFolder, dockerfile: "Dockerfile" } as const;
    const mount = { image: { ...image, buildArgs: { BASE: "scratch" } }, from: "/a/$(B)/.", path: "/mounted/$(B)" };
    return {
      ...serviceWorkload("shop-mail", { image: "registry.example.com/shop/mail:1.4.2" }, stackOn(platform)),
      imageMounts: [{ ...mount, name: "extra" }],
    };
  },
  "a service with secrets and files": (platform) =>
    serviceWorkload(
      "shop-pay",
      {
        image: "registry.example.com/shop/pay:1.4.2",
        secretEnv: { DATABASE_URL: secretText },
        secretFiles: { "/etc/pay/tls.key": secretText },
        configFiles: { "/etc/pay/rules.json": '{ "$(B)": "${C}" }' },
      },
      stackOn(platform),
    ),
  "a service with volumes": (platform) =>
    serviceWorkload(
      "shop-files",
      {
        image: "registry.example.com/shop/files:1.4.2",
        volumes: {
          uploads: { path: "/var/lib/files", kind: "kept", sizeMib: 1536 },
          index: { path: "/var/lib/files-index" },
          cache: { path: "/var/cache/files", kind: "scratch", sizeMib: 64 },
          spool: { path: "/var/spool/files", kind: "scratch" },
        },
      },
      stackOn(platform),
    ),
  "a service that is asked by command": (platform) =>
    serviceWorkload(
      "shop-stock",
      {
        image: "registry.example.com/shop/stock:1.4.2",
        readiness: { command: ["check", "$(A)", "$$"], periodSeconds: 7, timeoutSeconds: 3, failureThreshold: 4 },
        liveness: { tcp: 8080, initialDelaySeconds: 20 },
        startup: { http: { port: 8081, path: "/started" }, command: ["started"], failureThreshold: 30 },
      },
      stackOn(platform),
    ),
  "a service with steps before it": (platform) =>
    serviceWorkload(
      "shop-orders",
      {
        ...service,
        image: "registry.example.com/shop/orders:1.4.2",
        configFiles: { "/etc/orders/rules.json": "{}" },
        volumes: { orders: { path: "/var/lib/orders" }, cache: { path: "/var/cache/orders", kind: "scratch" } },
        secretEnv: { DATABASE_URL: secretText },
        initSteps: [
          { name: "migrate", command: ["migrate", "--to=$(MODE)"], env: { MODE: "slow", MORE: "$(MODE)" } },
          { name: "fill", image: "registry.example.com/shop/fill:1" },
        ],
      },
      stackOn(platform),
    ),
  "a service with a port for each instance": (platform) =>
    serviceWorkload(
      "shop-many",
      {
        image: "registry.example.com/shop/many:1.4.2",
        replicas: platform.isOneMachine ? 3 : 1,
        ports: [{ name: "http", port: 8080, hostPort: platform.isOneMachine ? [18080, 18081, 18082] : 18080 }],
      },
      stackOn(platform),
    ),
  "a service with what its platform alone has": (platform) =>
    serviceWorkload(
      "shop-own",
      {
        image: "registry.example.com/shop/own:1.4.2",
        ports: [
          { name: "admin", port: 8081 },
          { name: "http", port: 8080 },
        ],
        ...(platform.isOneMachine
          ? { docker: { restart: "on-failure", networks: ["databases", "mail"] } }
          : {
              kubernetes: {
                ingress: {
                  ...{ host: "shop.example.com", path: "/own", port: "http", className: "nginx", tlsSecretName: "tls" },
                  ...{ annotations: { "example.com/a": "b" }, controllerNamespace: "ingress" },
                },
                autoscaling: { minReplicas: 2, maxReplicas: 5, cpuPercent: 70 },
                disruptionBudget: { maxUnavailable: 2 },
                spread: "required",
                serviceAccountName: "shop",
                ephemeralStorageMib: 512,
                preStopSeconds: 12,
                annotations: { "example.com/scrape": "true" },
                labels: { team: "shop" },
              },
            }),
      },
      stackOn(platform),
    ),
  "a service that cannot be asked": (platform) =>
    serviceWorkload("shop-job", { image: "registry.example.com/shop/job:1.4.2" }, stackOn(platform)),
};
