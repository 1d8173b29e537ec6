import type * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { choice, group, names, text } from "../config/fields.ts";
import { filledIn } from "../config/env-value.ts";
import { dns1123Label } from "../config/kubernetes-rules.ts";
import { otelEnv, sdkPreferences, type OtlpProtocol, type ServiceIdentity } from "../config/otel-env.ts";
import { schemaProblems } from "../config/parse.ts";
import { otlpUrls } from "../config/parts/parts.ts";
import { plainInput } from "../config/plain.ts";
import { serviceArgsSchema } from "../config/service-args.ts";
import type { StackSettings } from "../config/settings-and-defaults.ts";
import { isStack, type AnyStack } from "./any-stack.ts";
import { stackUrls } from "./observability-stack.ts";
import type { Surroundings } from "./platform/platform.ts";
import { refusal } from "./platform/workload-rules.ts";

/*
 * Telemetry of what is no InstrumentedService: a Deployment or a container that a program has already, one that another
 * component makes, a process that something else starts.
 */

/** What the telemetry of a process says of it, and how it is sent. */
export interface TelemetryOptions {
  /** `service.name`. @default `<serviceNamespace>-<name>`, as an InstrumentedService has it */
  readonly serviceName?: string;
  /** `service.version`. @default "0.0.0" */
  readonly version?: string;
  /** OTLP over gRPC (port 4317) or HTTP (port 4318). @default "grpc" */
  readonly protocol?: OtlpProtocol;
}

/** How the variables get into a resource of the user's own. */
export interface InstrumentOptions extends TelemetryOptions {
  /** Names of the containers of a pod that are given them. @default the first one */
  readonly containers?: readonly string[];
}

/** Where a process runs that is given an environment. */
export interface EnvironmentOptions extends TelemetryOptions {
  /**
   * `"network"`: in the stack's network or namespace. `"machine"`: on the machine whose ports lead to the stack.
   * @default "network"
   */
  readonly from?: "network" | "machine";
}

const { version, protocol } = serviceArgsSchema.shape;

const telemetryFields = {
  // No class of Unicode: whatever an SDK takes of text may be in it.
  serviceName: text({
    pattern: /^[^\s$][^$]{0,199}$/,
    rule: "must be one line of 1 to 200 characters without $",
    change: "write for example shop-checkout",
  }).optional(),
  version,
  protocol,
};

const schemas = {
  instrument: group({
    ...telemetryFields,
    containers: names("names of containers", dns1123Label, "name containers of the pod").optional(),
  }),
  environment: group({ ...telemetryFields, from: choice(["network", "machine"]).default("network") }),
};

/**
 * The arguments of a Deployment, StatefulSet, DaemonSet, Job, CronJob or Pod of yours, or of a `docker.Container`, with the
 * environment that sends its telemetry to the stack. Everything else of them stays as it is, variables of yours included, and
 * the resource stays yours.
 *
 * @param name of the service, from which `service.name` is made
 * @throws Error if they are of something else, or of what cannot reach the stack; the message says why.
 *
 * @example
 * new k8s.apps.v1.Deployment("cart", instrument({ metadata: { namespace: "shop" }, spec }, stack, "cart"));
 */
export function instrument<Args extends object>(
  args: Args,
  stack: AnyStack,
  name: string,
  options: InstrumentOptions = {},
): Args {
  const { containers, ...telemetry } = judged("instrument", name, options);
  checkStack(stack);
  if (!stack.settings.observability) return args;
  const env = (surroundings: Surroundings): ReturnType<typeof otelEnv> =>
    environment(stack, name, telemetry, surroundings);
  return stack.platform.inject(args, { env, containers }) as Args;
}

/**
 * A transform that does what {@link instrument} does to each resource that it can: the option `transforms` of a resource, or
 * of a component, a Helm chart for instance, whose resources it reaches as well. The name of each is that of its resource,
 * unless there is one for all.
 *
 * @example
 * new k8s.helm.v4.Chart("cart", { chart: "./cart" }, { transforms: [instrumentation(stack)] });
 */
export function instrumentation(
  stack: AnyStack,
  options: InstrumentOptions & { readonly name?: string } = {},
): pulumi.ResourceTransform {
  const { name, ...rest } = options;
  judged("instrument", name ?? "name", rest);
  checkStack(stack);
  return ({ type, name: resourceName, props, opts }) => {
    if (!stack.platform.injectedTypes.has(type)) return undefined;
    return { props: instrument(props as object, stack, name ?? resourceName, rest), opts };
  };
}

/**
 * The variables that make a process send its telemetry to the stack, for whatever else starts it. There are none with
 * `observability: false`. The Collector gives it an instance if it names none.
 *
 * @param name of the service, from which `service.name` is made
 */
export function otelEnvFor(stack: AnyStack, name: string, options: EnvironmentOptions = {}): Record<string, string> {
  const { from, ...telemetry } = judged("environment", name, options);
  checkStack(stack);
  if (!stack.settings.observability) return {};
  const { otlpGrpc: grpc, otlpHttp: http } = stackUrls(stack.settings);
  const urls = from === "machine" ? { grpc, http } : otlpUrls;
  const env = environment(stack, name, telemetry, { otlpUrls: urls, instance: undefined, attributes: {} });
  return Object.fromEntries(
    Object.entries(env).map(([variable, value]) => [variable, filledIn(value, (fact) => fact)]),
  );
}

function environment(
  { settings }: Pick<AnyStack, "settings">,
  name: string,
  { protocol, ...told }: Omit<z.output<typeof schemas.environment>, "from">,
  { otlpUrls: urls, ...place }: Surroundings,
): ReturnType<typeof otelEnv> {
  return { ...sdkPreferences, ...otelEnv(identityOf(settings, name, told, place), protocol ?? "grpc", urls) };
}

/** `service.name` of a service that says nothing of it. */
export function defaultServiceName(
  { serviceNamespace }: Pick<StackSettings, "serviceNamespace">,
  name: string,
): string {
  return `${serviceNamespace}-${name}`;
}

/**
 * Whom telemetry comes from.
 *
 * @param told what the process says of itself
 * @param place what its platform knows of it
 */
export function identityOf(
  settings: Pick<StackSettings, "serviceNamespace" | "environment">,
  name: string,
  { serviceName, version }: { readonly serviceName?: string | undefined; readonly version: string },
  { instance, attributes }: Pick<Surroundings, "instance" | "attributes">,
): ServiceIdentity {
  return {
    serviceName: serviceName ?? defaultServiceName(settings, name),
    serviceNamespace: settings.serviceNamespace,
    serviceVersion: version,
    environment: settings.environment,
    serviceInstanceId: instance,
    platformAttributes: attributes,
  };
}

/** @throws Error with every problem of a name and of options. */
function judged<Kind extends keyof typeof schemas>(
  kind: Kind,
  name: unknown,
  options: unknown,
): z.output<(typeof schemas)[Kind]> {
  const schema = schemas[kind];
  const { value, problems } = plainInput(
    { serviceName: typeof name === "string" ? name : 0, ...(options as object) },
    "options",
  );
  const found = [...problems, ...schemaProblems(schema, value, "option")];
  if (found.length > 0) throw refusal("OBS1002", String(name), found);
  return schema.parse(options) as z.output<(typeof schemas)[Kind]>;
}

function checkStack(stack: unknown): void {
  if (isStack(stack)) return;
  const rule = "must be an ObservabilityStack or a JoinedStack";
  const change = "create one and pass it";
  throw refusal("OBS1002", "", [{ path: "stack", rule, got: "something else", change }]);
}
