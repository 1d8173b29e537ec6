import { derivedMetrics } from "../../collector/derived-metrics.ts";

/** The metrics of requests or messages that a service sends itself, and what its spans say where it sends none. */
export interface Measured {
  readonly duration: string;
  readonly failed: string;
  readonly spanKind: string;
}

/** HTTP requests that a service answers. */
export const http: Measured = {
  duration: "http_server_request_duration_seconds",
  failed: `,http_response_status_code=~"5.."`,
  spanKind: `,span_kind="SPAN_KIND_SERVER"`,
};

/** Messages that a service processes. */
export const messaging: Measured = {
  duration: "messaging_process_duration_seconds",
  failed: `,error_type!=""`,
  spanKind: `,span_kind="SPAN_KIND_CONSUMER"`,
};

/** Part of all that failed, from which on it is a warning, and critical. */
export const failedThresholds: readonly [warning: number, critical: number] = [0.05, 0.1];

/** The latency that 95 of 100 stay below, in seconds, from which on it is a warning, and critical. */
export const latencyThresholds: readonly [warning: number, critical: number] = [1, 2.5];

/** What tells the users' services that are chosen: without the stack's own parts, which no picker offers. */
export const chosen = `service_namespace=~"$namespace",service_namespace!="stack",service_name=~"$service",deployment_environment_name=~"$environment"`;

/** How often something happened, by service. */
export function rateOf(metric: string, filter: string, labels = "service_name"): string {
  return `sum by (${labels}) (rate(${metric}{${chosen}${filter}}[$__rate_interval]))`;
}

/** By service: what it sends itself, or else what is known from its spans. */
function either(sent: string, all: string, fromSpans: string): string {
  return `(${sent} or (${fromSpans} unless on (service_name) ${all}))`;
}

/** How often, by service. */
export function rateOfAll({ duration, spanKind }: Measured): string {
  const sent = rateOf(`${duration}_count`, "");
  return either(sent, sent, rateOf(derivedMetrics.calls, spanKind));
}

function rateOfFailed({ duration, failed, spanKind }: Measured): string {
  const fromSpans = rateOf(derivedMetrics.calls, `${spanKind},status_code="STATUS_CODE_ERROR"`);
  return either(rateOf(`${duration}_count`, failed), rateOf(`${duration}_count`, ""), fromSpans);
}

/** Part of all that failed, by service. A true 0 where there is something but no failure; nothing where there is nothing. */
export function failedPart(of: Measured): string {
  return `(${rateOfFailed(of)} or ${rateOfAll(of)} * 0) / ${rateOfAll(of)}`;
}

/** The same of all services together. */
export function failedPartOfAll(of: Measured): string {
  return `(sum(${rateOfFailed(of)}) or sum(${rateOfAll(of)}) * 0) / sum(${rateOfAll(of)})`;
}

/** VictoriaMetrics has the buckets of exponential histograms by `vmrange`, those of others by `le`. */
export const bucketLabels = "le, vmrange";

/** A quantile of the durations, of all services together or by `, service_name`. */
export function quantile(q: number, { duration, spanKind }: Measured, by = ""): string {
  const labels = `${bucketLabels}, service_name`;
  const buckets = either(
    rateOf(`${duration}_bucket`, "", labels),
    rateOf(`${duration}_count`, ""),
    rateOf(`${derivedMetrics.duration}_bucket`, spanKind, labels),
  );
  return `histogram_quantile(${q}, sum by (${bucketLabels}${by}) ${buckets})`;
}
