import { addressOf, signals, type AnyPart, type Signal } from "./part.ts";

/** How the Collector hands one signal to the part that stores it. */
export interface StoreExporter {
  readonly signal: Signal;
  /** As the Collector's configuration names it: `otlp_http/loki`. */
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
}

/** An exporter for each part that stores something, in the order of the signals. */
export function exportersOf(all: readonly AnyPart[]): readonly StoreExporter[] {
  const found = all.flatMap((part) => {
    const { host, exporter } = part;
    if (exporter === "none") return [];
    const { signal, type, port } = exporter;
    return [{ signal, name: `${type}/${host}`, config: exporter.config(addressOf(part, port)) }];
  });
  return signals.flatMap((wanted) => found.filter(({ signal }) => signal === wanted));
}

/** The parts that the Collector delivers to. */
export interface Stores {
  readonly exporters: readonly StoreExporter[];
  /** Where the Collector sends its own metrics: straight to the first store of metrics. */
  readonly metricsEndpoint: string;
}

/** The stores among the parts. @throws Error if none of them takes metrics */
export function storesOf(all: readonly AnyPart[]): Stores {
  const exporters = exportersOf(all);
  const metricsEndpoint = exporters.find(({ signal }) => signal === "metrics")?.config["metrics_endpoint"];
  if (metricsEndpoint === undefined) throw new Error("a part must take metrics at a metrics_endpoint, found none");
  return { exporters, metricsEndpoint };
}
