import { validatedSettings } from "./validated-settings.ts";
import { exampleSchema, examplePorts, serviceProblems, type ExampleSettings } from "./example-services.ts";
import { group } from "./fields.ts";
import { noFolders, readingOnce, type ReadFolder } from "./grafana/added-dashboards.ts";
import { imageLockProblems, type ImageLock } from "./image-lock.ts";
import { imageDelivery } from "./image-delivery.ts";
import { isRecord, parseWith } from "./parse.ts";
import { stackProblems } from "./parse-settings.ts";
import { hiddenProblem, nearMatch, problemIf, type Problem } from "./problem.ts";
import { settingsFromPulumiConfig } from "./pulumi-config.ts";
import {
  stackSettingsSchema,
  withDerivedDefaults,
  type StackIdentity,
  type StackSettings,
} from "./settings-and-defaults.ts";

/** Everything a user can set in the Pulumi configuration of the program at the top of the repository. */
export const programSettingsSchema = group({ ...stackSettingsSchema.shape, ...exampleSchema.shape });

/** Everything that the program at the top of the repository needs. */
export interface ProgramSettings {
  readonly stack: StackSettings;
  readonly example: ExampleSettings;
}

/** What a program has beside its configuration. */
export interface ProgramFiles {
  /** Reads the folders of the setting `grafana.dashboards`, which is refused without. */
  readonly readFolder?: ReadFolder;
  /** The digests of the images; `undefined` if they are not locked. */
  readonly imageLock?: ImageLock | undefined;
}

/**
 * Reads and validates the whole Pulumi configuration of a program.
 *
 * @throws Error with every problem, one a line: `<path>: <rule>, got <value>; <what to change>`.
 */
export function programSettings(
  config: Readonly<Record<string, string>>,
  identity: StackIdentity,
  { readFolder = noFolders, imageLock }: ProgramFiles = {},
): ProgramSettings {
  const read = readingOnce(readFolder);
  const { exampleServices, apiPort, load, services, ...stack } = parseWith(
    programSettingsSchema,
    settingsFromPulumiConfig(config, identity.project, programSettingsSchema.shape),
    (given) => [
      ...stackProblems(given, read, examplePorts(given)),
      ...imageLockProblems(given, imageLock),
      ...deliveryProblems(given),
      ...serviceProblems(given),
      ...projectNameProblems(Object.keys(config), identity.project),
    ],
    (given) => withDerivedDefaults(given, identity),
  );
  return { stack: validatedSettings(stack, read, imageLock), example: { exampleServices, apiPort, load, services } };
}

/** A key that begins with nearly the project's name; others are settings of Pulumi's providers, such as `docker:host`. */
function projectNameProblems(keys: readonly string[], project: string): readonly Problem[] {
  return keys.flatMap((key) => {
    const [namespace = "", ...name] = key.split(":");
    if (namespace === project || nearMatch(namespace, [project]) === undefined) return [];
    const change = `did you mean ${project}:${name.join(":")}?`;
    return [hiddenProblem(key, `is no setting of this project, whose settings begin with ${project}:`, change)];
  });
}

/** The example's image is built here and has to get into the cluster. */
function deliveryProblems(given: unknown): readonly Problem[] {
  if (!isRecord(given)) return [];
  const { target, kubernetes, exampleServices } = programSettingsSchema.shape;
  const cluster = kubernetes.safeParse(given["kubernetes"]).data;
  const isBuilt = exampleServices.safeParse(given["exampleServices"]).data !== false;
  const isCluster = target.safeParse(given["target"]).data === "kubernetes";
  if (cluster === undefined || cluster.context === "") return [];
  return problemIf(
    isBuilt && isCluster && imageDelivery(cluster) === undefined,
    "kubernetes.registry",
    "must be set, or kubernetes.loadCommand: the services' image is built here and has to get into the cluster",
    cluster.registry,
    "name a registry that you may push to, or set exampleServices to false",
  );
}
