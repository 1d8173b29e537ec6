import { paths, ports } from "./names.ts";
import { hours, mebibytes } from "./units.ts";

/** What VictoriaMetrics' flags depend on. */
export interface VictoriaMetricsSettings {
  readonly retentionHours: number;
  readonly memoryMib: number;
}

/** File with the generated key that {@link guardedRequests} need. */
export const victoriaMetricsKeyFile = `${paths.secrets}/victoria-metrics-admin-key`;

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
export function victoriaMetricsFlags(settings: VictoriaMetricsSettings): readonly string[] {
  return [
    `-httpListenAddr=:${ports.victoriaMetricsHttp}`,
    `-storageDataPath=${paths.victoriaMetricsData}`,
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
    ...guardedRequests.map((request) => `-${request}AuthKey=file://${victoriaMetricsKeyFile}`),
    // By default it lets every web page read the answers.
    "-http.disableCORS",
    "-loggerLevel=WARN",
  ];
}
