import { isRecord } from "./parse.ts";
import { configurationError, problem } from "./problem.ts";
import type { StackSettings, StackSettingsInput } from "./settings-and-defaults.ts";

/*
 * What one program tells another of the stack that it has, so that the other's services run beside it.
 */

/** Changes with every change that a program which knows the one before would read wrongly. */
const connectionVersion = 1;

/** Plain data about a stack, for a program that joins it. It has no secret in it, and nothing of a machine. */
export interface StackConnection {
  readonly version: typeof connectionVersion;
  /** The settings that both programs have to agree on. */
  readonly settings: StackSettingsInput;
}

/** What another program needs to join a stack with these settings. */
export function connectionTo(settings: StackSettings): StackConnection {
  const { target, name, observability, serviceNamespace, environment, imageRegistry, ports, images } = settings;
  const common = { target, name, observability, serviceNamespace, environment, imageRegistry, ports };
  const { node, victoriaMetrics } = images;
  return {
    version: connectionVersion,
    settings: { ...common, images: { node, victoriaMetrics }, ...(target === "docker" ? {} : cluster(settings)) },
  };
}

/** Where the kubeconfig is, and what brings images into the cluster, is another machine's business. */
function cluster({ kubernetes }: Pick<StackSettings, "kubernetes">): Pick<StackSettingsInput, "kubernetes"> {
  const { context, namespace, storageClass, registry, imagePullSecrets, nodeSelector, tolerations, otlpNamespaces } =
    kubernetes;
  const lists = { imagePullSecrets: [...imagePullSecrets], otlpNamespaces: [...otlpNamespaces] };
  return { kubernetes: { context, namespace, storageClass, registry, nodeSelector, tolerations, ...lists } };
}

/**
 * The settings of a program that joins a stack: the stack's, and its own in their place, group by group.
 *
 * @param connection at run time whatever a stack reference holds
 * @throws Error if it is no connection, or one of a version that this one does not know.
 */
export function joinedSettings(connection: unknown, own: StackSettingsInput): StackSettingsInput {
  const given = isRecord(connection) ? connection : {};
  const { version, settings } = given;
  const change = "hand over the output `connection` of the program that has the stack";
  if (!isRecord(settings)) {
    const rule = "must be what a stack's `connection` is";
    throw configurationError("OBS1003", [problem("connection", rule, connection, change)]);
  }
  if (version !== connectionVersion) {
    const rule = `must be ${connectionVersion}, which this version of the components knows`;
    throw configurationError("OBS1003", [
      problem("connection.version", rule, version, "use one version in both programs"),
    ]);
  }
  return merged(settings, own) as StackSettingsInput;
}

function merged(theirs: unknown, own: unknown): unknown {
  if (!isRecord(theirs) || !isRecord(own)) return own ?? theirs;
  const names = [...new Set([...Object.keys(theirs), ...Object.keys(own)])];
  return Object.fromEntries(names.map((name) => [name, merged(theirs[name], own[name])]));
}
