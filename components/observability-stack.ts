import * as pulumi from "@pulumi/pulumi";
import { fragmentSecrets } from "../config/collector-fragment.ts";
import { readDashboardFolder } from "../config/files/dashboard-folder.ts";
import { ownDashboards } from "../config/grafana/own-dashboards.ts";
import { datasourceSecrets } from "../config/grafana/own-datasources.ts";
import { urls as internalUrls } from "../config/names.ts";
import { collectorSecretText, grafanaSecretText, secretFile } from "../config/expansion.ts";
import { parseSettings, type StackSettings, type StackSettingsInput } from "../config/settings.ts";
import { Grafana } from "./grafana.ts";
import { Jaeger } from "./jaeger.ts";
import { Loki } from "./loki.ts";
import { OtelCollector } from "./otel-collector.ts";
import { createPlatform } from "./platform/create-platform.ts";
import type { Instance, Platform } from "./platform/platform.ts";
import type { SecretFile } from "./platform/workload.ts";
import { VictoriaMetrics } from "./victoria-metrics.ts";

/** Every setting of the stack, as plain values; each has a default. */
export type ObservabilityStackArgs = StackSettingsInput;

/** Addresses on the user's machine. */
export interface StackUrls {
  readonly grafana: string;
  readonly loki: string;
  readonly victoriaMetrics: string;
  readonly jaeger: string;
  readonly otlpGrpc: string;
  readonly otlpHttp: string;
}

/**
 * Logs, metrics and traces in one place: Loki, VictoriaMetrics and Jaeger behind an OpenTelemetry Collector, with
 * Grafana in front. Services join it as {@link InstrumentedService}.
 *
 * @example
 * const stack = new ObservabilityStack("observability", { retentionHours: 168 });
 */
export class ObservabilityStack extends pulumi.ComponentResource {
  /** The settings in force, without the text of secrets. */
  readonly settings: Omit<StackSettings, "secrets">;
  /** Where the stack and its services run. */
  readonly platform: Platform;
  /** Where to find each part; empty with `observability: false`. */
  readonly urls: Partial<StackUrls>;
  /** OTLP endpoint for processes inside the network; `undefined` with `observability: false`. */
  readonly otlpEndpoint: string | undefined;
  /** Takes the telemetry: has to start before whatever sends it, and to stop after it. */
  readonly collector: OtelCollector;
  /** Password of Grafana's first user. A secret. */
  readonly grafanaPassword: pulumi.Output<string>;
  /** What runs of the backends. */
  readonly instances: readonly Instance[];

  /** @throws Error with every problem of the settings, before any resource is created. */
  constructor(name: string, args: ObservabilityStackArgs = {}, opts: pulumi.ComponentResourceOptions = {}) {
    const identity = { project: pulumi.getProject(), stack: pulumi.getStack() };
    const validated = parseSettings(args, identity, readDashboardFolder);
    const { secrets, ...settings } = validated;
    const { dashboards, datasources } = settings.grafana;
    const dashboardFiles = dashboards === undefined ? [] : readDashboardFolder(dashboards).files;
    super("observability:index:ObservabilityStack", name, {}, opts);
    this.settings = settings;
    this.platform = createPlatform(name, validated, { parent: this });

    // Switched off, the backends keep their data and credentials and run nothing.
    const replicas = settings.observability ? 1 : 0;
    const common = { platform: this.platform, retentionHours: settings.retentionHours, replicas };
    const child = { parent: this };
    const loki = new Loki(
      `${name}-loki`,
      {
        ...common,
        ...settings.loki,
        image: settings.images.loki,
        memoryMib: settings.memoryMib.loki,
        hostPort: settings.ports.loki,
      },
      child,
    );
    const victoriaMetrics = new VictoriaMetrics(
      `${name}-victoria-metrics`,
      {
        ...common,
        image: settings.images.victoriaMetrics,
        memoryMib: settings.memoryMib.victoriaMetrics,
        hostPort: settings.ports.victoriaMetrics,
      },
      child,
    );
    const jaeger = new Jaeger(
      `${name}-jaeger`,
      {
        ...common,
        image: settings.images.jaeger,
        memoryMib: settings.memoryMib.jaeger,
        hostPort: settings.ports.jaeger,
      },
      child,
    );
    this.collector = new OtelCollector(
      `${name}-otel-collector`,
      {
        ...common,
        image: settings.images.otelCollector,
        memoryMib: settings.memoryMib.otelCollector,
        queueMib: settings.otelCollector.queueMib,
        serviceNamespace: settings.serviceNamespace,
        config: settings.otelCollector.config,
        secretFiles: secretFiles(fragmentSecrets(settings.otelCollector.config ?? {}), secrets, collectorSecretText),
        hostPorts: settings.ports,
        startsAfter: [loki, ...loki.running.ready],
      },
      child,
    );
    const grafana = new Grafana(
      `${name}-grafana`,
      {
        ...common,
        image: settings.images.grafana,
        memoryMib: settings.memoryMib.grafana,
        hostPort: settings.ports.grafana,
        adminUser: settings.grafana.adminUser,
        dashboards: ownDashboards(dashboardFiles),
        datasources,
        secretFiles: secretFiles(datasourceSecrets(datasources), secrets, grafanaSecretText),
        startsAfter: [loki, ...loki.running.ready],
      },
      child,
    );

    this.urls = settings.observability ? stackUrls(settings) : {};
    this.otlpEndpoint = settings.observability ? internalUrls.otlpGrpc : undefined;
    this.grafanaPassword = grafana.adminPassword;
    this.instances = [loki, victoriaMetrics, jaeger, this.collector, grafana].flatMap(
      (backend) => backend.running.instances,
    );
    this.registerOutputs({ urls: this.urls, grafanaPassword: this.grafanaPassword });
  }
}

/**
 * The secrets of these names as files of a workload; the validation has seen to it that there are all of them.
 *
 * @param written how the workload has to be given a text so that it reads that text
 */
function secretFiles(
  names: readonly string[],
  secrets: StackSettings["secrets"],
  written: (text: string) => string,
): readonly SecretFile[] {
  return Object.entries(secrets)
    .filter(([name]) => names.includes(name))
    .map(([name, text]) => ({ path: secretFile(name), content: pulumi.secret(written(text)) }));
}

function stackUrls({ ports }: Pick<StackSettings, "ports">): StackUrls {
  const at = (port: number): string => `http://127.0.0.1:${port}`;
  return {
    grafana: at(ports.grafana),
    loki: at(ports.loki),
    victoriaMetrics: at(ports.victoriaMetrics),
    jaeger: at(ports.jaeger),
    otlpGrpc: at(ports.otlpGrpc),
    otlpHttp: at(ports.otlpHttp),
  };
}
