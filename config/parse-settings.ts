import { validatedSettings, isValidated } from "./validated-settings.ts";
import { noFolders, readingOnce, type ReadFolder } from "./grafana/added-dashboards.ts";
import { capacityProblems } from "./capacity-problems.ts";
import { kubernetesProblems } from "./kubernetes-problems.ts";
import { additionProblems } from "./additions.ts";
import { isRecord, parseWith } from "./parse.ts";
import { parts } from "./parts/parts.ts";
import { problemIf, type Problem } from "./problem.ts";
import {
  stackSettingsSchema,
  withDerivedDefaults,
  type StackIdentity,
  type StackSettings,
} from "./settings-and-defaults.ts";
import { equalPorts, stackPorts, type UsedPort } from "./used-ports.ts";

/**
 * Validates what the user wrote and fills in the defaults. Settings that have been validated are returned as they are.
 *
 * @param readFolder reads the folder of the setting `grafana.dashboards`, which is refused without
 * @throws Error with every problem, one a line: `<path>: <rule>, got <value>; <what to change>`.
 */
export function parseSettings(
  input: unknown,
  identity: StackIdentity,
  readFolder: ReadFolder = noFolders,
): StackSettings {
  if (isValidated(input)) return input;
  const read = readingOnce(readFolder);
  const given = (own: unknown): unknown => withDerivedDefaults(own, identity);
  return validatedSettings(
    parseWith(stackSettingsSchema, input, (own) => stackProblems(own, read, [], identity.hasCluster), given),
    read,
  );
}

/**
 * The problems of the stack's settings beyond each field by itself. A field that is wrong by itself is left out.
 *
 * @param otherPorts ports on the user's machine beside the stack's own
 * @param hasCluster whether the program has a cluster of its own to deploy to
 */
export function stackProblems(
  given: unknown,
  readFolder: ReadFolder,
  otherPorts: readonly UsedPort[] = [],
  hasCluster = false,
): readonly Problem[] {
  return [
    ...equalPorts([...stackPorts(given), ...otherPorts]),
    ...stackNameProblems(given),
    ...kubernetesProblems(given, hasCluster),
    ...capacityProblems(given),
    ...additionProblems(given, readFolder),
  ];
}

/** Names of Docker's predefined networks: it creates no other of these names (github.com/moby/moby, daemon/network.go). */
const dockerNetworks: readonly unknown[] = ["default", "bridge", "host", "none"];

/** The problem of a stack's name that something else on its target has. */
function stackNameProblems(input: unknown): readonly Problem[] {
  if (!isRecord(input)) return [];
  const { name, target } = input;
  const change = "set another, for example shop-dev";
  if (target === "kubernetes") {
    // The ServiceAccount of the stack has its name, and these have one of their own.
    const rule = "must not be the name of a part of the stack that has rights of its own";
    return problemIf(
      [parts.otelCollector.host, parts.diskGuard.host].includes(String(name)),
      "name",
      rule,
      name,
      change,
    );
  }
  const rule = `must not be the name of a network of Docker's own (${dockerNetworks.join(", ")})`;
  return problemIf(dockerNetworks.includes(name), "name", rule, name, change);
}
