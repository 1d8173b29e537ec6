import { InstrumentedService, ObservabilityStack, type ObservabilityStackArgs } from "@observability/stack";
import * as pulumi from "@pulumi/pulumi";
import { parsedSettings } from "./json-settings";
import { inOrder } from "./service-order";
import type { Service, Settings } from "./settings";

/** What a service is made from: see docs/services.md. */
export interface StackService extends Service {
  /** Secrets by the name of a variable, each a file whose path is in NAME_FILE. */
  readonly secretEnv?: Record<string, pulumi.Input<string>>;
  /** Secrets by the path of their file. */
  readonly secretFiles?: Record<string, pulumi.Input<string>>;
  /** Services of this stack that have to answer before it starts, by their host names. */
  readonly dependsOn?: string[];
}

/** What a stack is made from. */
export interface StackArgs {
  /** As in Pulumi's configuration, see README.md. */
  readonly settings?: Settings;
  /** Services beside the stack, by their host names. */
  readonly services?: Record<string, StackService>;
}

/** Loki, VictoriaMetrics, Jaeger, an OpenTelemetry Collector and Grafana, and instrumented services beside them. */
export class Stack extends pulumi.ComponentResource {
  /** Addresses on this machine, by the names of the setting `ports`. */
  readonly urls: pulumi.Output<Record<string, string>>;
  /** Password of Grafana's first user. */
  readonly grafanaPassword: pulumi.Output<string>;
  /** `service.name` of each service, by its host name. */
  readonly serviceNames: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: StackArgs, opts?: pulumi.ComponentResourceOptions) {
    super("observability-stack:index:Stack", name, {}, opts);
    const settings = parsedSettings(args.settings ?? {});
    const given = args.services ?? {};
    const order = inOrder(given);
    // The component judges what the types here leave open, such as a choice of words.
    const stack = new ObservabilityStack(name, settings as ObservabilityStackArgs, { parent: this });
    const services = new Map<string, InstrumentedService>();
    for (const host of order) {
      const { dependsOn = [], ...service } = given[host] as StackService;
      const plain = service as Omit<ConstructorParameters<typeof InstrumentedService>[1], "stack">;
      const before = dependsOn.flatMap((name) => services.get(name) ?? []);
      services.set(host, new InstrumentedService(host, { ...plain, stack, dependsOn: before }, { parent: this }));
    }
    this.urls = pulumi.output({ ...stack.urls } as Record<string, string>);
    this.grafanaPassword = stack.grafanaPassword;
    this.serviceNames = pulumi.output(
      Object.fromEntries([...services].map(([host, { serviceName }]) => [host, serviceName ?? ""])),
    );
    this.registerOutputs({
      urls: this.urls,
      grafanaPassword: this.grafanaPassword,
      serviceNames: this.serviceNames,
    });
  }
}
