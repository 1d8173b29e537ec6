import { registryPrefix } from "./rules.ts";

/**
 * A full version each: a shorter tag, such as `22-bookworm-slim`, is another image next month. Without digests, which only
 * a registry can tell; the setting `images` takes them. The end-to-end tests run these versions, but for Grafana's and
 * Node.js's (see README, "Tested with").
 */
export const defaultImages = {
  loki: "grafana/loki:3.7.8",
  victoriaMetrics: "victoriametrics/victoria-metrics:v1.150.0",
  jaeger: "jaegertracing/jaeger:2.13.0",
  otelCollector: "otel/opentelemetry-collector-contrib:0.158.0",
  grafana: "grafana/grafana:12.3.1",
  node: "node:22.23.2-bookworm-slim",
} as const;

/** Names of the images in the table. */
export type ImageName = keyof typeof defaultImages;

/** A complete reference for every image. */
export type Images = Readonly<Record<ImageName, string>>;

/**
 * The table with the user's choices applied: an override is taken as it stands, everything else gets the registry
 * prefix in front (`registry.example.com/mirror` + `grafana/loki:3.7.8`).
 */
export function resolveImages(registry: string, overrides: Partial<Record<ImageName, string>>): Images {
  const prefix = registryPrefix(registry);
  const image = (name: ImageName): string => overrides[name] ?? `${prefix}${defaultImages[name]}`;
  return {
    loki: image("loki"),
    victoriaMetrics: image("victoriaMetrics"),
    jaeger: image("jaeger"),
    otelCollector: image("otelCollector"),
    grafana: image("grafana"),
    node: image("node"),
  };
}
