import type { StackOutputs } from "./outputs.ts";
import type { Target } from "./target.ts";

/** A line for each address of a stack: name, address, and what it is for. */
export function urlLines(urls: StackOutputs["urls"], grafanaUser: string, target: Target): string[] {
  const entries: readonly (readonly [name: string, url: string | undefined, purpose: string])[] = [
    ["Grafana", urls.grafana, `user ${grafanaUser}, password: npm run password`],
    ...target.furtherUrls,
    ["Jaeger", urls.jaeger, "traces"],
    ["Loki", urls.loki, "logs, API only"],
    ["VictoriaMetrics", urls.victoriaMetrics, "metrics, /vmui for queries"],
    ["OTLP gRPC", urls.otlpGrpc, "for your own services: OTEL_EXPORTER_OTLP_ENDPOINT"],
    ["OTLP HTTP", urls.otlpHttp, "the same with OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"],
    ["Example API", urls.api, "the seven example services"],
  ];
  return entries.flatMap(([name, url, purpose]) =>
    url === undefined ? [] : [`  ${name.padEnd(16)} ${url.padEnd(24)} ${purpose}`],
  );
}
