import fc from "fast-check";
import { tailSamplingSchema, type TailSampling } from "../../config/collector/tail-sampling.ts";
import { readDashboardFolder } from "../../config/grafana/dashboard-folder.ts";
import { generatedDatasources } from "../../config/grafana/datasources.ts";
import { adminUserName } from "../../config/grafana/server.ts";
import { storesOf, type Stores } from "../../config/parts/exporters.ts";
import { scrapedOf, type ScrapedPart } from "../../config/parts/own-metrics.ts";
import type { AnyPart } from "../../config/parts/part.ts";
import { parseSettings } from "../../config/parse-settings.ts";
import { forEachKept, forEachPart, forEachPort, partList, stackPortList } from "../../config/parts/parts.ts";
import type { StackSettings, StackSettingsInput } from "../../config/settings-and-defaults.ts";
import { recordedIdentity } from "./record-resources.ts";

/** An address that nothing listens on, so that no test depends on the machine's own Docker. */
export const noDocker = "unix:///nowhere/docker.sock";

/** Complete settings; a test overrides what it is about. */
export function settings(input: StackSettingsInput = {}): StackSettings {
  return parseSettings({ docker: { host: noDocker }, ...input }, recordedIdentity, readDashboardFolder);
}

/** The stack's own data sources. */
export const stackDatasources = generatedDatasources(partList);

/** What the Collector is told of parts, with their memory limits as they are by default. */
export function deliveryOf(all: readonly AnyPart[]): Stores & { readonly scraped: readonly ScrapedPart[] } {
  const limits = Object.fromEntries(all.map(({ host, memoryMib }) => [host, memoryMib.default]));
  return { ...storesOf(all), scraped: scrapedOf(all, limits) };
}

/** What it is told of all of them. */
export const delivery = deliveryOf(partList);

/** The least whole GiB that hold the Collector's queues and a tenth on top. */
export function gibOfQueues(queueMib: number): number {
  return Math.ceil((11 * delivery.exporters.length * queueMib) / 10_240);
}

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$/);
const image = fc
  .tuple(fc.stringMatching(/^[a-z0-9]{1,8}(\/[a-z0-9]{1,8})?$/), fc.stringMatching(/^[a-z0-9][a-z0-9.]{0,6}$/))
  .map(([repository, tag]) => `${repository}:${tag}`);
const mib = (floor: number): fc.Arbitrary<number> => fc.integer({ min: floor, max: 16384 });
const subdomain = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?)?$/);
const labels = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}(\/[a-z]{1,8})?$/), fc.stringMatching(/^[a-z0-9]{1,8}$/), {
  maxKeys: 2,
});
const gib = fc.integer({ min: 1, max: 65536 });
const millicores = fc.integer({ min: 1, max: 64_000 });

/** Processor shares that fit each other: no more is asked for than the limit allows. */
const cpuShares = fc.oneof(
  fc.record({ cpuRequestMillicores: millicores }, { requiredKeys: [] }),
  fc.integer({ min: 20, max: 64_000 }).map((cpuLimitMillicores) => ({ cpuLimitMillicores })),
  fc
    .tuple(millicores, millicores)
    .map(([a, b]) => ({ cpuRequestMillicores: Math.min(a, b), cpuLimitMillicores: Math.max(a, b) })),
);

const tolerations = fc.array(
  fc.record({
    key: label,
    operator: fc.constant("Exists" as const),
    effect: fc.constantFrom("NoSchedule" as const, "PreferNoSchedule" as const, "NoExecute" as const),
  }),
  { maxLength: 2 },
);

/** Contexts of every kind that has a way for images of its own, and ways for those that have none. */
const anyCluster = fc.oneof(
  fc.constantFrom("kind-a", "minikube", "k3d-a", "k3s").map((context) => ({ context })),
  fc.record({
    context: fc.constant("prod"),
    registry: fc.constantFrom("registry.example.com", "localhost:5000/team/"),
  }),
  fc.record({ context: fc.constant("prod"), loadCommand: fc.constant('load "$IMAGE"') }),
);

/** A size for the data of each part but the Collector. */
const { otelCollector: _, ...otherVolumes } = forEachKept(() => gib);

/** Anything that the rules allow about the cluster, but for the Collector's volume, whose size depends on its queues. */
const anyKubernetesInput = fc
  .tuple(
    anyCluster,
    fc.record(
      {
        kubeconfig: fc.constant("/nowhere/kubeconfig"),
        namespace: fc.oneof(fc.constant(""), label),
        createNamespace: fc.boolean(),
        storageClass: fc.oneof(fc.constant(""), subdomain),
        imagePullSecrets: fc.uniqueArray(subdomain, { maxLength: 2 }),
        nodeSelector: labels,
        tolerations,
        resources: fc.record(
          { loki: cpuShares, grafana: cpuShares, "otel-collector": cpuShares },
          { requiredKeys: [] },
        ),
        otlpNamespaces: fc.uniqueArray(label, { maxLength: 2 }),
        ingress: fc.record(
          {
            host: fc.constantFrom("", "grafana.example.com"),
            insecure: fc.constant(true),
            className: subdomain,
            tlsSecretName: subdomain,
            annotations: labels,
            controllerNamespace: label,
          },
          { requiredKeys: ["insecure"] },
        ),
      },
      { requiredKeys: [] },
    ),
    fc.record(otherVolumes, { requiredKeys: [] }),
  )
  .map(([cluster, rest, storageGib]) => ({ ...cluster, ...rest, storageGib }));

const distinctPorts = fc
  .uniqueArray(fc.integer({ min: 1024, max: 65535 }), {
    minLength: stackPortList.length,
    maxLength: stackPortList.length,
  })
  .map((numbers) => {
    const unused = numbers.values();
    return forEachPort(() => unused.next().value ?? 0);
  });

/** Folder of a dashboard, as a setting names it. */
export const dashboardFolder = "test/fixtures/dashboards";

const anyFragment = fc.record(
  {
    receivers: fc.constant({ "otlp/mine": { protocols: { grpc: { endpoint: "0.0.0.0:5317" } } } }),
    exporters: fc.dictionary(
      fc.stringMatching(/^debug\/[a-z]{1,8}$/),
      fc.constantFrom("basic", "detailed", "a dollar: $$").map((verbosity) => ({ verbosity })),
      { maxKeys: 3 },
    ),
    service: fc.constant({ extensions: ["zpages"], pipelines: { "logs/mine": { receivers: ["otlp"] } } }),
  },
  { requiredKeys: [] },
);

const anyDatasource = fc
  .record({ uid: fc.stringMatching(/^my-[A-Za-z0-9_-]{1,20}$/), type: fc.constantFrom("prometheus", "loki") })
  .map(({ uid, type }) => ({ name: `Mine ${uid}`, uid, type, url: "http://prometheus:9090" }));

const anyEmailPoint = fc
  .record({
    name: fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9 ._-]{0,8}[A-Za-z0-9])?$/),
    local: fc.stringMatching(/^[a-z$'#&*!%=~|-]{1,8}$/),
    severities: fc.uniqueArray(fc.constantFrom("critical" as const, "warning" as const), { minLength: 1 }),
  })
  .filter(({ name }) => name.toLowerCase() !== "nobody")
  .map(({ name, local, severities }) => ({
    ...{ name, type: "email" as const, severities: [...severities] },
    addresses: [`${local}@example.com`],
  }));

const anyAlerts = fc
  .record({
    contactPoints: fc.uniqueArray(anyEmailPoint, { selector: ({ name }) => name, maxLength: 3 }),
    repeatHours: fc.integer({ min: 1, max: 720 }),
    startTls: fc.constantFrom("mandatory" as const, "none" as const),
  })
  .map(({ startTls, ...rest }) => ({
    ...rest,
    smtp: { host: "mail.example.com:587", from: "grafana@example.com", startTls },
    mute: [{ days: ["sunday" as const], from: "22:00", to: "06:00" }],
  }));

const anyObjectives = fc.record({
  availabilityPercent: fc.double({ min: 95, max: 99.999, noNaN: true }),
  services: fc.dictionary(
    fc.stringMatching(/^[a-z."'{}\\()-]{1,12}$/),
    fc.record({ silenceMinutes: fc.integer({ min: 0, max: 1440 }) }),
    { maxKeys: 3 },
  ),
});

const anySampledService = fc.record(
  {
    keepPercent: fc.oneof(fc.constantFrom(0, 10, 100), fc.double({ min: 0, max: 100, noNaN: true })),
    slowerThanMillis: fc.oneof(fc.constantFrom(0, 500, 1000), fc.integer({ min: 0, max: 3_600_000 })),
  },
  { requiredKeys: [] },
);

const anyTailSamplingInput = fc
  .tuple(
    anySampledService.filter(({ keepPercent }) => keepPercent !== undefined),
    fc.record({ decisionWaitSeconds: fc.integer({ min: 1, max: 20 }) }, { requiredKeys: [] }),
    fc.dictionary(fc.stringMatching(/^[a-z0-9."'{}\\():#-]{1,12}$/), anySampledService, { maxKeys: 4 }),
  )
  .map(([{ keepPercent = 0, ...slow }, wait, services]) => ({ keepPercent, ...slow, ...wait, services }));

/** Anything that may be set about which traces are stored. */
export const anyTailSampling: fc.Arbitrary<TailSampling> = anyTailSamplingInput.map((input) =>
  tailSamplingSchema.parse(input),
);

/** Anything that the settings' rules allow, with any field left out. */
export const anySettingsInput: fc.Arbitrary<StackSettingsInput> = fc
  .record(
    {
      target: fc.constantFrom("docker" as const, "kubernetes" as const),
      name: label,
      observability: fc.boolean(),
      retentionHours: fc.integer({ min: 24, max: 100 * 365 * 24 }),
      serviceNamespace: label,
      environment: fc.string({ minLength: 1, maxLength: 20 }),
      imageRegistry: fc.constantFrom("", "registry.example.com", "registry.example.com:5000/mirror/"),
      images: fc.record({ loki: image, grafana: image, otelCollector: image }, { requiredKeys: [] }),
      ports: distinctPorts,
      memoryMib: fc.record(
        forEachPart(({ memoryMib }) => mib(memoryMib.minimum)),
        { requiredKeys: [] },
      ),
      loki: fc.record(
        {
          compactionIntervalSeconds: fc.integer({ min: 1, max: 1_000_000 }),
          retentionDeleteDelaySeconds: fc.integer({ min: 1, max: 1_000_000 }),
        },
        { requiredKeys: [] },
      ),
      alerts: anyAlerts,
      objectives: anyObjectives,
      otelCollector: fc.record(
        {
          queueMib: fc.integer({ min: 16, max: 1_000_000 }),
          hostMetrics: fc.boolean(),
          tailSampling: anyTailSamplingInput,
          config: anyFragment,
        },
        { requiredKeys: [] },
      ),
      grafana: fc.record(
        {
          adminUser: fc.string({ minLength: 1, maxLength: 20 }).filter((name) => adminUserName.pattern.test(name)),
          dashboards: fc.constant(dashboardFolder),
          datasources: fc.uniqueArray(anyDatasource, { selector: ({ uid }) => uid, maxLength: 3 }),
        },
        { requiredKeys: [] },
      ),
      secrets: fc.dictionary(fc.stringMatching(/^[a-f][a-z0-9]{0,8}$/), fc.string({ minLength: 1, maxLength: 20 }), {
        maxKeys: 3,
      }),
      docker: fc.constant({ host: noDocker }),
      // Whatever the target: on Docker it is read and does nothing.
      kubernetes: anyKubernetesInput,
    },
    { requiredKeys: ["docker", "kubernetes"] },
  )
  .map(({ kubernetes, ...input }) => {
    // One queue for each exporter and a tenth on top, and not one GiB more.
    const otelCollector = gibOfQueues(input.otelCollector?.queueMib ?? 512);
    return { ...input, kubernetes: { ...kubernetes, storageGib: { ...kubernetes.storageGib, otelCollector } } };
  });

/** Complete settings of {@link anySettingsInput}. */
export const anySettings: fc.Arbitrary<StackSettings> = anySettingsInput.map((input) => settings(input));

/** Go's `Duration.String()` back in seconds. The only spelling Docker hands back; another differs on every `up`. */
export function canonicalSeconds(duration: string): number {
  const match = /^(?:(?:([1-9]\d*)h)?([1-9]?\d)m(?=\d))?([1-9]?\d)s$/.exec(duration);
  // A group that takes no part in the match is undefined, whatever the type of a match says.
  const parts: readonly (string | undefined)[] = match?.slice(1) ?? [];
  const [hours = 0, minutes = 0, seconds = 0] = parts.map((part = "0") => Number(part));
  const leadingZero = duration.startsWith("0") && duration !== "0s";
  if (match === null || leadingZero || minutes > 59 || seconds > 59) {
    throw new Error(`${duration}: is not the spelling of Go's Duration.String()`);
  }
  return hours * 3600 + minutes * 60 + seconds;
}
