import { pathText, type Problem } from "./problem.ts";
import type { CompleteServiceArgs, ServiceVolume } from "./service-args.ts";

/** A volume of a service with its name. */
export interface NamedVolume {
  readonly volume: string;
  readonly path: string;
  readonly sizeMib?: number | undefined;
}

/** The volumes of one kind, in the order in which a workload has them. */
export function volumesOf(
  { volumes }: Pick<CompleteServiceArgs, "volumes">,
  kind: NonNullable<ServiceVolume["kind"]>,
): readonly NamedVolume[] {
  return Object.entries(volumes).flatMap(([volume, given]) => (given.kind === kind ? [{ ...given, volume }] : []));
}

/**
 * Problems of a service's workload as problems of its arguments: what a workload has in a list is in the arguments by
 * name, and a rule may name another of them.
 *
 * @param workload its files as it has them
 */
export function inArguments(
  problems: readonly Problem[],
  args: Pick<CompleteServiceArgs, "volumes">,
  { configFiles }: { readonly configFiles: readonly { readonly path: string }[] },
): readonly Problem[] {
  const written = [
    ["imageMounts.0.image", "instrumentImage"],
    ...configFiles.flatMap(({ path }, index) =>
      ["path", "content"].map((field) => [`configFiles.${index}.${field}`, pathText(["configFiles", path])]),
    ),
    ...volumesOf(args, "kept").map(({ volume }, index) => [`dataVolumes.${index}.`, `volumes.${volume}.`]),
    // Each service has /tmp before them.
    ...volumesOf(args, "scratch").map(({ volume }, index) => [`scratchPaths.${index + 1}.`, `volumes.${volume}.`]),
  ];
  const translated = (text: string): string =>
    written.reduce((sofar, [from = "", to = ""]) => sofar.replaceAll(from, () => to), text);
  return problems.map((problem) => ({ ...problem, path: translated(problem.path), rule: translated(problem.rule) }));
}
