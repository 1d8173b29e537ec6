/*
 * What has to be known of the Collector's components to judge what users add: how their names are written, and which
 * processors hand everything on before they answer.
 */

/**
 * A component's name as the Collector reads it without changing anything: `type` or `type/name`
 * (go.opentelemetry.io/collector/component, identifiable.go).
 */
export const componentId = /^[a-zA-Z][0-9a-zA-Z_]{0,62}(?:\/[^\p{Z}\p{C}\p{S}]{1,1024})?$/u;

/** Type of a component: what is before the first slash of its name. */
export function componentType(id: string): string {
  return id.split("/")[0] ?? "";
}

/**
 * Processors that may stand in the pipelines of the stack. Each hands a request on within the call in which it got it,
 * so that a client hears "accepted" when the rest is on disk; what they drop, they drop by a rule that the user wrote.
 *
 * They are listed, and not those that keep data for later (`batch`, `groupbytrace`, `interval`, `logdedup`, `logstransform`,
 * `tail_sampling` and whatever comes with the next version): a processor that was not looked at is not known to be safe. All are made
 * by `processorhelper` or call the next consumer themselves
 * (github.com/open-telemetry/opentelemetry-collector-contrib/tree/v0.158.0/processor). Where a type has an older name,
 * which the Collector takes as well, both are here.
 */
export const processorsThatPassOn: ReadonlySet<string> = new Set([
  "attributes",
  "cumulative_to_delta",
  "cumulativetodelta",
  "delta_to_cumulative",
  "deltatocumulative",
  "delta_to_rate",
  "deltatorate",
  "filter",
  "geoip",
  "groupbyattrs",
  "k8s_attributes",
  "k8sattributes",
  "memory_limiter",
  "metrics_transform",
  "metricstransform",
  "probabilistic_sampler",
  "redaction",
  "resource",
  "resource_detection",
  "resourcedetection",
  "schema",
  "span",
  "transform",
]);
