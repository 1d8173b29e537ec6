import { resolve } from "node:path";
import { parse } from "yaml";
import { grafanaWorkload } from "../components/grafana.ts";
import { serviceWorkload } from "../components/instrumented-service.ts";
import { jaegerWorkload } from "../components/jaeger.ts";
import { lokiWorkload } from "../components/loki.ts";
import { otelCollectorWorkload } from "../components/otel-collector.ts";
import type { Workload } from "../components/platform/workload.ts";
import { victoriaMetricsWorkload } from "../components/victoria-metrics.ts";
import { exampleServices, programSettings } from "../config/example-services.ts";
import { filledIn } from "../config/env-value.ts";
import { instanceName, paths } from "../config/names.ts";
import type { StackSettings } from "../config/settings.ts";

/** Every setting at its default, but for the namespace that the repository's own `Pulumi.dev.yaml` gives the example. */
export const documentedConfig = { "observability:serviceNamespace": "integr8scode" } as const;

/** Pulumi project and stack that the guide speaks about. */
export const documentedIdentity = { project: "observability", stack: "dev" } as const;

/** What the guide is written from: the settings, and what the program runs with them. */
export interface Deployment {
  readonly settings: StackSettings;
  readonly backends: readonly Workload[];
  /** The example's HTTP API: an instrumented service with a port on the user's machine. */
  readonly service: Workload;
  /** How many containers of that kind there are, the load generator among them. */
  readonly serviceCount: number;
}

/** The deployment that the guide describes. */
export function documentedDeployment(): Deployment {
  const program = programSettings(documentedConfig, documentedIdentity);
  const services = exampleServices(program, resolve(import.meta.dirname, "..", "services"));
  const { name = "", ...args } = services[0] ?? {};
  return {
    settings: program.stack,
    backends: backends(program.stack),
    service: serviceWorkload(name, args, { settings: program.stack }),
    serviceCount: services.length,
  };
}

/** The same workloads that `ObservabilityStack` runs; a test compares the two. */
function backends(settings: StackSettings): readonly Workload[] {
  const { images, memoryMib, ports, retentionHours } = settings;
  const common = { retentionHours, replicas: 1 };
  return [
    lokiWorkload({
      ...common,
      ...settings.loki,
      image: images.loki,
      memoryMib: memoryMib.loki,
      hostPort: ports.loki,
    }),
    victoriaMetricsWorkload(
      {
        ...common,
        image: images.victoriaMetrics,
        memoryMib: memoryMib.victoriaMetrics,
        hostPort: ports.victoriaMetrics,
      },
      [],
    ),
    jaegerWorkload({ ...common, image: images.jaeger, memoryMib: memoryMib.jaeger, hostPort: ports.jaeger }),
    otelCollectorWorkload({
      replicas: 1,
      image: images.otelCollector,
      memoryMib: memoryMib.otelCollector,
      queueMib: settings.otelCollector.queueMib,
      serviceNamespace: settings.serviceNamespace,
      secretFiles: [],
      hostPorts: ports,
      enrichment: {},
    }),
    grafanaWorkload(
      {
        replicas: 1,
        image: images.grafana,
        memoryMib: memoryMib.grafana,
        hostPort: ports.grafana,
        adminUser: settings.grafana.adminUser,
        publicUrl: undefined,
        dashboards: [],
        datasources: [],
      },
      [],
    ),
  ];
}

/** Something that the program generates and the guide quotes. */
export type GeneratedText =
  | { readonly format: "yaml"; readonly title: string; readonly value: unknown }
  | { readonly format: "flags" | "env"; readonly title: string; readonly value: Readonly<Record<string, string>> };

/** What the guide can quote, by the name that its markers use. */
export function generatedTexts({ settings, backends, service }: Deployment): Readonly<Record<string, GeneratedText>> {
  const file = (workload: string, path: string): GeneratedText => {
    const found = backends
      .filter(({ name }) => name === workload)
      .flatMap(({ configFiles }) => configFiles)
      .find((candidate) => candidate.path === path);
    if (found === undefined) throw new Error(`${workload}: must have a file ${path}, found none`);
    return { format: "yaml", title: path, value: parse(found.content) as unknown };
  };
  const victoriaMetrics = backends.find(({ name }) => name === "victoria-metrics");
  const instance = instanceName(settings.name, service.name, 1);
  return {
    settings: { format: "yaml", title: "settings", value: settings },
    loki: file("loki", paths.lokiConfig),
    jaeger: file("jaeger", paths.jaegerConfig),
    collector: file("otel-collector", paths.collectorConfig),
    datasources: file("grafana", paths.grafanaDatasources),
    "victoria-metrics": {
      format: "flags",
      title: `command line of ${settings.name}-victoria-metrics`,
      value: Object.fromEntries((victoriaMetrics?.args ?? []).map(flag)),
    },
    service: {
      format: "env",
      title: `environment of ${instance}`,
      value: Object.fromEntries(
        Object.entries(service.env).map(([key, value]) => [key, filledIn(value, () => instance)]),
      ),
    },
  };
}

/** `-name=value` as a pair; a flag without a value is on. */
function flag(text: string): [string, string] {
  const equals = text.indexOf("=");
  return equals < 0 ? [text, "true"] : [text.slice(0, equals), text.slice(equals + 1)];
}
