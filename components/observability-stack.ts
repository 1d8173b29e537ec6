import * as pulumi from "@pulumi/pulumi";
import { readDashboardFolder } from "../config/grafana/dashboard-folder.ts";
import { forEachPart, forEachPort, otlpUrls, type PartName, type PortSetting } from "../config/parts/parts.ts";
import { parseSettings } from "../config/parse-settings.ts";
import type { StackSettings, StackSettingsInput } from "../config/settings-and-defaults.ts";
import { connectionTo, type StackConnection } from "../config/stack-connection.ts";
import { createPlatform, givenProviders, programIdentity } from "./platform/create-platform.ts";
import type { Instance, Platform } from "./platform/platform.ts";
import { StackPart } from "./stack-part.ts";

/** Every setting of the stack, as plain values; each has a default. What parseSettings has made is not validated again. */
export type ObservabilityStackArgs = StackSettingsInput;

/** Addresses on the user's machine, by the names of the setting `ports`. */
export type StackUrls = Readonly<Record<PortSetting, string>>;

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
  /** What the stack is made of. */
  readonly parts: Readonly<Record<PartName, StackPart>>;
  /** Password of Grafana's first user. A secret. */
  readonly grafanaPassword: pulumi.Output<string>;
  /** The running instances of the parts. */
  readonly instances: readonly Instance[];
  /** What services start after, and so stop before: the Collector still takes their last lines. */
  readonly ready: readonly pulumi.Resource[];
  /** Plain data for another program, which joins the stack with it as {@link JoinedStack}. No secret is in it. */
  readonly connection: StackConnection;

  /** @throws Error with every problem of the settings, before any resource is created. */
  constructor(name: string, args: ObservabilityStackArgs = {}, opts: pulumi.ComponentResourceOptions = {}) {
    const providers = givenProviders(opts);
    const validated = parseSettings(args, programIdentity(providers), readDashboardFolder);
    const { secrets: _hidden, ...settings } = validated;
    super("observability:index:ObservabilityStack", name, {}, opts);
    this.settings = settings;
    this.platform = createPlatform(name, validated, { parent: this, providers });

    const others: StackPart[] = [];
    this.parts = forEachPart((_, part) => {
      const args = { platform: this.platform, settings: validated, others: [...others] };
      const made = new StackPart(name, part, args, { parent: this });
      others.push(made);
      return made;
    });

    this.urls = settings.observability ? stackUrls(settings) : {};
    this.otlpEndpoint = settings.observability ? otlpUrls.grpc : undefined;
    this.grafanaPassword = this.parts.grafana.secret("admin-password");
    this.instances = others.flatMap(({ running }) => running.instances);
    this.ready = [this.parts.otelCollector];
    this.connection = connectionTo(validated);
    this.registerOutputs({ urls: this.urls, grafanaPassword: this.grafanaPassword });
  }
}

/** Where each part is found on the user's machine, by the settings of a stack that runs. */
export function stackUrls({ ports }: Pick<StackSettings, "ports">): StackUrls {
  return forEachPort(({ setting }) => `http://127.0.0.1:${ports[setting]}`);
}
