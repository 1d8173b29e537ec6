import { derivedMetrics } from "../../../../config/collector/derived-metrics.ts";
import type { StoredSeries } from "./stored-series.ts";

const service = ["service_name", "service_namespace", "deployment_environment_name"];
const span = [...service, "span_name", "span_kind", "status_code"];
const request = ["client", "server", "connection_type", "failed"];

/** The labels of what the Collector makes of spans and log records, as VictoriaMetrics has them of a Collector 0.158.0. */
export const derivedSeries: StoredSeries = new Map(
  Object.entries({
    [derivedMetrics.calls]: span,
    [`${derivedMetrics.duration}_bucket`]: [...span, "le"],
    [derivedMetrics.graphRequests]: request,
    [derivedMetrics.graphFailed]: request,
    [derivedMetrics.logRecords]: [...service, "detected_level"],
  }).map(([name, labels]) => [name, new Set(labels)]),
);
