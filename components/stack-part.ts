import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { portOf, type AnyPart } from "../config/parts/part.ts";
import { hostPortsOf, keptData, partEntries, partList, parts, type PartName } from "../config/parts/parts.ts";
import { partProcess, partRuns, type PartSurroundings } from "../config/parts/processes.ts";
import type { StackSettings } from "../config/settings-and-defaults.ts";
import { goMemoryLimitMib, mebibytes, mibInGib } from "../config/units.ts";
import { probesOf } from "./platform/probes.ts";
import type { Platform, RunningWorkload } from "./platform/platform.ts";
import type { KnownWorkload, SecretFile } from "./platform/workload.ts";

/** What a part of the stack is made from. */
export interface StackPartArgs {
  readonly platform: Platform;
  readonly settings: StackSettings;
  /** Those of the other parts that exist already. */
  readonly others: readonly StackPart[];
}

/** A part of the stack: Loki, Grafana, or any other of the list in config/parts/parts.ts. */
export class StackPart extends pulumi.ComponentResource {
  readonly running: RunningWorkload;
  private readonly secrets: ReadonlyMap<string, pulumi.Output<string>>;
  private readonly part: PartName;

  /** @param resourcePrefix name of the stack's component, with which the names of all its resources begin */
  constructor(resourcePrefix: string, part: PartName, args: StackPartArgs, opts: pulumi.ComponentResourceOptions) {
    const { host, generatedSecrets }: AnyPart = parts[part];
    const name = `${resourcePrefix}-${host}`;
    super(`observability:index:${part.charAt(0).toUpperCase()}${part.slice(1)}`, name, {}, opts);
    this.part = part;
    const { platform, settings, others } = args;
    const generated = Object.entries(generatedSecrets).map(([secret, { path, isKept }]) => ({
      secret,
      path,
      content: this.generatedSecret(`${name}-${secret}`, isKept),
    }));
    this.secrets = new Map(generated.map(({ secret, content }) => [secret, content]));
    const workload = partWorkload(part, settings, platform, generated);
    this.running = platform.run(workload, { parent: this, dependsOn: others.flatMap((other) => this.waitsFor(other)) });
    this.registerOutputs({});
  }

  /** A generated secret of the part, by its name. @throws Error if there is none of that name. */
  secret(name: string): pulumi.Output<string> {
    const found = this.secrets.get(name);
    if (found === undefined) throw new Error(`${this.part}: must have the secret ${name}, has none`);
    return found;
  }

  /** The resources of another part that this one waits for: it connects to that part, whose readiness gates others. */
  private waitsFor(other: StackPart): readonly pulumi.Input<pulumi.Resource>[] {
    const { host, readiness } = parts[other.part];
    const part: AnyPart = parts[this.part];
    const targets = part.connectsTo(partList);
    return readiness.gates && targets.some((target) => target.host === host) ? [other, ...other.running.ready()] : [];
  }

  /** @param isKept whether the data is useless without it: it is protected like the data */
  private generatedSecret(name: string, isKept: boolean): pulumi.Output<string> {
    const kept = isKept ? { protect: true, ignoreChanges: ["length", "special"] } : {};
    return new random.RandomPassword(name, { length: 32, special: false }, { parent: this, ...kept }).result;
  }
}

/** How often a platform that probes over the network asks a part, in seconds. */
const readinessSeconds = 2;

/**
 * A part of the stack as a workload, by the settings: the one way from the settings to what runs.
 *
 * @param generated secrets that are generated for it; none where nothing is deployed
 */
export function partWorkload(
  name: PartName,
  settings: StackSettings,
  surroundings: PartSurroundings,
  generated: readonly SecretFile[],
): KnownWorkload {
  const part: AnyPart = parts[name];
  const { host, ports, readiness, runtime, scratchPaths, stopGraceSeconds, user } = part;
  const process = partProcess(name, settings, surroundings);
  const { args, env, configFiles, secretFiles, check, sharedFiles, readsInstances } = process;
  const memoryMib = settings.memoryMib[name];
  const hostPorts: Readonly<Record<string, number>> = hostPortsOf(part, settings.ports);
  return {
    name: host,
    image: { kind: "reference", reference: settings.images[name] },
    args,
    env: { ...(runtime === "go" ? { GOMEMLIMIT: mebibytes(goMemoryLimitMib(memoryMib)) } : {}), ...env },
    configFiles,
    secretFiles: [
      ...generated.map(({ path, content }) => ({ path, content })),
      ...secretFiles.map(({ path, content }) => ({ path, content: pulumi.secret(content) })),
    ],
    check,
    ports: Object.entries(ports).map(([port, { port: number }]) => ({
      name: port,
      port: number,
      hostPort: hostPorts[port] ?? "internal",
    })),
    dataVolumes: keptData
      .filter(([kept]) => kept === name)
      .map(([kept, { volume, path }]) => ({
        name: volume,
        path,
        sizeMib: settings.kubernetes.storageGib[kept] * mibInGib,
      })),
    sharedFiles,
    imageMounts: [],
    initSteps: [],
    scratchPaths: scratchPaths.map((path) => ({ path, sizeMib: "none" })),
    probes: probesOf({ ...readiness, port: portOf(part, readiness.port), intervalSeconds: readinessSeconds }),
    memoryMib,
    memoryRequestMib: "all",
    cpuRequestMillicores: "default",
    cpuLimitMillicores: "none",
    ...user,
    stopGraceSeconds,
    // Switched off, a part keeps its data and credentials and runs nothing.
    replicas: settings.observability && partRuns(name, settings) ? 1 : 0,
    kubernetes: {},
    docker: {},
    readsInstances,
  };
}

/** Every part as a workload of a stack with these settings, in the order in which they start, with no secret generated. */
export function stackWorkloads(settings: StackSettings, surroundings: PartSurroundings): readonly KnownWorkload[] {
  return partEntries.map(([name]) => partWorkload(name, settings, surroundings, []));
}
