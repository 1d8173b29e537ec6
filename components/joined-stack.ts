import * as pulumi from "@pulumi/pulumi";
import { parseSettings } from "../config/parse-settings.ts";
import type { StackSettings, StackSettingsInput } from "../config/settings-and-defaults.ts";
import { joinedSettings, type StackConnection } from "../config/stack-connection.ts";
import { createPlatform, givenProviders, programIdentity } from "./platform/create-platform.ts";
import type { Platform } from "./platform/platform.ts";

/** What a program that joins a stack has otherwise than the program that has the stack. */
export type JoinedStackArgs = Pick<StackSettingsInput, "serviceNamespace" | "environment" | "docker" | "kubernetes">;

/**
 * A stack that another program has, for services of this one: they run in its network or namespace and send their telemetry
 * to its Collector.
 *
 * @example
 * const reference = new pulumi.StackReference("organization/observability/dev");
 * const { value } = await reference.getOutputDetails("connection");
 * const stack = new JoinedStack("observability", value);
 */
export class JoinedStack extends pulumi.ComponentResource {
  /** The settings in force. */
  readonly settings: Omit<StackSettings, "secrets">;
  /** Where the services run. */
  readonly platform: Platform;
  /** What services start after: nothing, since the stack is there already. */
  readonly ready: readonly pulumi.Resource[] = [];

  /**
   * @param connection what {@link ObservabilityStack.connection} is in the other program
   * @throws Error with every problem of it and of the arguments, before any resource is created.
   */
  constructor(
    name: string,
    connection: StackConnection,
    args: JoinedStackArgs = {},
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    const providers = givenProviders(opts);
    const validated = parseSettings(joinedSettings(connection, args), programIdentity(providers));
    super("observability:index:JoinedStack", name, {}, opts);
    const { secrets: _none, ...settings } = validated;
    this.settings = settings;
    this.platform = createPlatform(name, validated, { parent: this, providers, isJoined: true });
    this.registerOutputs({});
  }
}
