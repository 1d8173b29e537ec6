import { all, fieldsOf } from "../../../support/protobuf.ts";

/** A metric as the Collector would see it. */
export interface ReceivedMetric {
  readonly name: string;
  readonly unit: string;
  readonly kind: "counter" | "gauge" | "up-down counter" | "histogram";
  /** Attributes of the resource. */
  readonly resource: readonly string[];
  /** Attributes that any of its points has. */
  readonly attributes: readonly string[];
}

/** Reads an ExportMetricsServiceRequest. Field numbers are those of opentelemetry/proto/metrics/v1/metrics.proto. */
export function decodeMetrics(request: Buffer): ReceivedMetric[] {
  return all(request, 1).flatMap((resourceMetrics) => {
    const resource = all(resourceMetrics, 1).flatMap((message) => keysOf(message, 1));
    return all(resourceMetrics, 2)
      .flatMap((scopeMetrics) => all(scopeMetrics, 2))
      .map((metric) => ({ name: text(metric, 1), unit: text(metric, 3), resource, ...points(metric) }));
  });
}

function points(metric: Buffer): Pick<ReceivedMetric, "kind" | "attributes"> {
  const [gauge] = all(metric, 5);
  const [sum] = all(metric, 7);
  const [histogram] = all(metric, 9);
  if (gauge !== undefined) return { kind: "gauge", attributes: attributesOf(gauge, 7) };
  if (sum !== undefined) {
    const isMonotonic = fieldsOf(sum).some(([field, value]) => field === 3 && value === 1);
    return { kind: isMonotonic ? "counter" : "up-down counter", attributes: attributesOf(sum, 7) };
  }
  if (histogram !== undefined) return { kind: "histogram", attributes: attributesOf(histogram, 9) };
  throw new Error(`${text(metric, 1)}: must be a gauge, a sum or a histogram; read the other kinds here as well`);
}

function attributesOf(data: Buffer, field: number): string[] {
  return [...new Set(all(data, 1).flatMap((point) => keysOf(point, field)))].sort();
}

function keysOf(message: Buffer, field: number): string[] {
  return all(message, field).map((pair) => text(pair, 1));
}

function text(message: Buffer, field: number): string {
  return all(message, field)[0]?.toString() ?? "";
}
