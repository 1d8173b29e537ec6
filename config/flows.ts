import { hosts, ports } from "./names.ts";

/*
 * Who opens connections to whom. A platform that can close everything else does; test/config/flows.test.ts compares the
 * table with the addresses in the generated configurations.
 */

/** A connection between two parts of the stack. */
export interface Flow {
  /** A backend by its host name, or `"services"` for every instrumented service. */
  readonly from: string;
  readonly to: string;
  readonly port: number;
}

/** Stands in a {@link Flow} for every workload that is no backend. */
export const services = "services";

/** Every connection to a backend. What services want of each other and of the world is theirs to know. */
export const flows: readonly Flow[] = [
  { from: services, to: hosts.otelCollector, port: ports.otlpGrpc },
  { from: services, to: hosts.otelCollector, port: ports.otlpHttp },
  { from: hosts.otelCollector, to: hosts.loki, port: ports.lokiHttp },
  { from: hosts.otelCollector, to: hosts.victoriaMetrics, port: ports.victoriaMetricsHttp },
  { from: hosts.otelCollector, to: hosts.jaeger, port: ports.jaegerOtlpGrpc },
  { from: hosts.grafana, to: hosts.loki, port: ports.lokiHttp },
  { from: hosts.grafana, to: hosts.victoriaMetrics, port: ports.victoriaMetricsHttp },
  { from: hosts.grafana, to: hosts.jaeger, port: ports.jaegerQuery },
];

/** Whether a workload is one of the backends, all of whose connections the table has. */
export function isBackend(workloadName: string): boolean {
  return (Object.values(hosts) as readonly string[]).includes(workloadName);
}
