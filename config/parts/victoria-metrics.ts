import { noUserText } from "../expansion.ts";
import { secretsFolder } from "../names.ts";
import { hours, mebibytes } from "../units.ts";
import { part } from "./part.ts";

const httpPort = 8428;
const dataPath = "/victoria-metrics-data";

/** File with the generated key that {@link guardedRequests} need. */
export const keyFile = `${secretsFolder}/victoria-metrics-admin-key`;

/** Stores the metrics: one instance, for the retention period. */
export const victoriaMetrics = part({
  host: "victoria-metrics",
  title: "VictoriaMetrics",
  image: "victoriametrics/victoria-metrics:v1.150.0",
  memoryMib: { minimum: 96, default: 256 },
  data: { volume: "victoria_metrics_data", path: dataPath, defaultGib: 10 },
  ports: {
    http: {
      port: httpPort,
      purpose: "queries, `/vmui`, OTLP from the Collector, `/health`, `/metrics`",
      published: {
        setting: "victoriaMetrics",
        title: "VictoriaMetrics",
        purpose: "metrics, /vmui for queries",
        isOpened: false,
      },
    },
  },
  configuredBy: "flags",
  user: { userId: 10001, groupId: 10001 },
  // There is no write-ahead log: what is in memory is written on the way out.
  stopGraceSeconds: 60,
  readiness: {
    port: "http",
    httpPath: "/health",
    selfCheck: ["wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${httpPort}/health`],
    startPeriodSeconds: 30,
    gates: false,
  },
  // No person and no stored data needs it, so a lost one is generated anew.
  generatedSecrets: { "admin-key": { path: keyFile, isKept: false } },
  exporter: {
    signal: "metrics",
    type: "otlp_http",
    port: "http",
    config: (address) => ({ metrics_endpoint: `http://${address}/opentelemetry/v1/metrics` }),
  },
  datasource: {
    signal: "metrics",
    type: "prometheus",
    uid: "victoria-metrics",
    port: "http",
    isDefault: true,
    jsonData: () => ({
      httpMethod: "POST",
      // How often services send: below it a rate has too few points.
      timeInterval: "15s",
    }),
  },
  // It would replace `%{NAME}` in its flags.
  reads: { args: [noUserText], env: [noUserText], [keyFile]: [noUserText] },
  process: (context) => ({ args: victoriaMetricsFlags(context) }),
});

/**
 * Requests that delete, stop or load the server; without a key, whoever reaches the port may send them, and a web page that is
 * open on the machine does. Every flag `-…AuthKey` of `victoria-metrics -help` but those of pages that only show
 * something (`-flagsAuthKey`, `-metricsAuthKey`).
 */
const guardedRequests = [
  "config",
  "delete",
  "forceFlush",
  "forceMerge",
  "logNewSeries",
  "metricNamesStatsReset",
  "pprof",
  "reload",
  "search.resetCache",
  "snapshot",
] as const;

/**
 * Resource attributes that become labels. All of them by default, but series with more than 40 labels are dropped.
 * Without `service.instance.id` two processes of one service would write the same series.
 */
export const promotedResourceAttributes = [
  "service.name",
  "service.namespace",
  "service.version",
  "service.instance.id",
  "deployment.environment.name",
  "host.name",
  "k8s.cluster.name",
  "k8s.namespace.name",
  "k8s.node.name",
  "k8s.pod.name",
  "k8s.container.name",
  "k8s.deployment.name",
] as const;

/**
 * Command line of a single VictoriaMetrics that takes metrics by native OTLP.
 * Source of each flag: docs.victoriametrics.com/victoriametrics/single-server-victoriametrics/#list-of-command-line-flags.
 */
export function victoriaMetricsFlags(settings: {
  readonly retentionHours: number;
  readonly memoryMib: number;
}): readonly string[] {
  return [
    `-httpListenAddr=:${httpPort}`,
    `-storageDataPath=${dataPath}`,
    `-retentionPeriod=${hours(settings.retentionHours)}`,
    // For the caches; the rest is for queries and merges. The default of 60 % leaves them too little in a small container.
    `-memory.allowedBytes=${mebibytes(Math.floor(settings.memoryMib * 0.375))}`,
    "-opentelemetry.usePrometheusNaming",
    "-opentelemetry.promoteAllResourceAttributes=false",
    `-opentelemetry.promoteResourceAttributes=${promotedResourceAttributes.join(",")}`,
    "-opentelemetry.promoteScopeMetadata=false",
    // How long the newest points stay hidden: they are pushed, so there is no slow scrape to wait for (default 30s).
    "-search.latencyOffset=1s",
    // A point that the Collector delivers twice is one: it has the same millisecond. No longer than that, or points that
    // are close together would be lost; of cumulative numbers, as they are sent here, no millisecond needs two.
    "-dedup.minScrapeInterval=1ms",
    "-selfScrapeInterval=15s",
    ...guardedRequests.map((request) => `-${request}AuthKey=file://${keyFile}`),
    // By default it lets every web page read the answers.
    "-http.disableCORS",
    "-loggerLevel=WARN",
  ];
}
