/** How OTLP is spoken; the values are those of `OTEL_EXPORTER_OTLP_PROTOCOL`. */
export type DeliveryProtocol = "grpc" | "http/protobuf" | "http/json";

/** Where the requests of one signal go, and how: what `environment/` reads and `delivery/` follows. */
export interface ExporterSettings {
  readonly protocol: DeliveryProtocol;
  /**
   * The whole address. With HTTP the path of the signal is in it (`http://127.0.0.1:4318/v1/logs`); with gRPC only
   * scheme, host and port count. `https:` is TLS with either.
   */
  readonly url: string;
  /** Headers of every request; metadata with gRPC. */
  readonly headers: Readonly<Record<string, string>>;
  /** How long one request may take, in milliseconds. */
  readonly timeoutMillis: number;
  readonly compression: "gzip" | "none";
  readonly tls: TlsFiles;
}

/** Paths of PEM files for `https:`; what is left out is Node.js's own. */
export interface TlsFiles {
  /** Certificates to trust instead of those that Node.js trusts. */
  readonly certificate?: string;
  /** The client's own certificate, for a receiver that asks for one. */
  readonly clientCertificate?: string;
  readonly clientKey?: string;
}

/** How metrics are made for the receiver, by the values of the two variables that say it. */
export interface MetricPreferences {
  /** How they are summed up, OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE. */
  readonly temporality: "cumulative" | "delta" | "lowmemory";
  /** How histograms are divided, OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION. */
  readonly histograms: "base2_exponential_bucket_histogram" | "explicit_bucket_histogram";
}
