import { codedError, type CodedError } from "../../config/coded-error.ts";
import type { ErrorCode } from "../../config/error-codes.ts";
import { duplicates, pathText, problem, problemIf, problemLines, type Problem } from "../../config/problem.ts";
import {
  containerPorts,
  dnsLabel,
  hostPorts,
  imageReference,
  isDnsLabel,
  isImageReference,
  workloadLimits,
  type Range,
} from "../../config/rules.ts";
import { portsOnMachine, imagesOf, type Workload } from "./workload.ts";

/**
 * What is wrong with a workload by the rules that every platform shares; the paths begin with the name of a field.
 *
 * @param leastReplicas 0 if it may be switched off
 */
export function workloadProblems(workload: Workload, leastReplicas = 0): readonly Problem[] {
  return [
    ...nameProblems(workload),
    ...imageProblems(workload),
    ...envProblems(workload),
    ...portProblems(workload),
    ...fileProblems(workload),
    ...equal(workload.initSteps.map(({ name }, index) => [`initSteps.${index}.name`, name])),
    ...checkProblems(workload),
    ...numberProblems(workload, leastReplicas),
    ...requestProblems(workload),
  ];
}

/** @throws Error with every problem of a workload, one a line, the path with its name in front; if there is one. */
export function refuse(code: ErrorCode, name: string, problems: readonly Problem[]): void {
  if (problems.length > 0) throw refusal(code, name, problems);
}

/** The error with every problem of a workload. */
export function refusal(code: ErrorCode, name: string, problems: readonly Problem[]): CodedError {
  const prefix = name === "" ? "" : `${pathText([name])}.`;
  const lines = problemLines(problems).map((line) => `${prefix}${line}`);
  return codedError(code, lines.join("\n"));
}

function nameProblems({ name }: Workload): readonly Problem[] {
  return problemIf(!isDnsLabel(name), "name", dnsLabel.rule, name, "rename it");
}

function imageProblems(workload: Workload): readonly Problem[] {
  return imagesOf(workload).flatMap(([path, each]) =>
    each.kind !== "reference" || isImageReference(each.reference)
      ? []
      : [problem(path, imageReference.rule, each.reference, imageReference.change)],
  );
}

function envProblems({ env, initSteps }: Workload): readonly Problem[] {
  const all = [["env", env], ...initSteps.map((step, index) => [`initSteps.${index}.env`, step.env] as const)] as const;
  return all.flatMap(([path, each]) =>
    Object.keys(each)
      .filter((name) => name === "" || name.includes("="))
      .map((name) =>
        problem(`${path}.${JSON.stringify(name)}`, "must have names without = that are not empty", name, "rename it"),
      ),
  );
}

function portProblems({ ports, replicas }: Workload): readonly Problem[] {
  const published = ports.flatMap((port, index) =>
    portsOnMachine(port).map(([path, hostPort]) => [`ports.${index}.${path}`, hostPort] as const),
  );
  return [
    ...ports.flatMap(({ port, hostPort }, index) => [
      ...outside(`ports.${index}.port`, port, containerPorts),
      ...(typeof hostPort === "object" && typeof replicas === "number"
        ? forEachInstance(index, hostPort, replicas)
        : []),
    ]),
    ...published.flatMap(([path, hostPort]) => outside(path, hostPort, hostPorts)),
    ...equal(ports.map(({ port }, index) => [`ports.${index}.port`, port])),
    ...equal(ports.map(({ name }, index) => [`ports.${index}.name`, name])),
    ...equal(published),
  ];
}

function forEachInstance(index: number, hostPort: readonly number[], replicas: number): readonly Problem[] {
  const rule = `must be as many as there are instances (${replicas}), one for each`;
  const change = "write one for each, or a single one for the first";
  return problemIf(hostPort.length !== replicas, `ports.${index}.hostPort`, rule, hostPort, change);
}

/** The problems of what a workload has on another platform only; `where` says on which this one is. */
export function elsewhereProblems(field: "kubernetes" | "docker", options: object, where: string): readonly Problem[] {
  return Object.entries(options).flatMap(([name, value]) =>
    problemIf(
      value !== undefined,
      `${field}.${name}`,
      `must be left out on ${where}, which has nothing like it`,
      value,
      `remove it, or give it only where the target is ${field}`,
    ),
  );
}

function equal(values: readonly (readonly [path: string, value: unknown])[]): readonly Problem[] {
  return duplicates(values, "change one of the two");
}

function fileProblems({
  configFiles,
  secretFiles,
  dataVolumes,
  imageMounts,
  scratchPaths,
}: Workload): readonly Problem[] {
  const paths = [
    ...Object.entries({ configFiles, secretFiles, dataVolumes, imageMounts, scratchPaths }).flatMap(([kind, entries]) =>
      entries.map(({ path }, index) => [`${kind}.${index}.path`, path] as const),
    ),
  ];
  const relative = paths
    .filter(([, path]) => !path.startsWith("/"))
    .map(([where, path]) => problem(where, "must be absolute", path, "begin it with /"));
  const empty = configFiles.flatMap(({ content }, index) =>
    problemIf(content === "", `configFiles.${index}.content`, "must not be empty", content, "leave the file out"),
  );
  const files = Object.entries({ configFiles, secretFiles }).flatMap(([kind, entries]) =>
    entries.map(({ path }, index) => [`${kind}.${index}.path`, path] as const),
  );
  const within = paths.flatMap(([where, path]) => {
    const [, file] = files.find(([, other]) => path.startsWith(`${other}/`)) ?? [];
    return file === undefined
      ? []
      : [problem(where, `must not be in ${file}, which is a file`, path, "rename one of the two")];
  });
  const volumes = [...dataVolumes, ...scratchPaths].map(({ path }) => path);
  // There it would be gone at the start, or stay in the volume when the workload has it no more.
  const hidden = files.flatMap(([where, path]) => {
    const volume = volumes.find((other) => path.startsWith(`${other}/`));
    return problemIf(volume !== undefined, where, `must not be in the volume ${volume}`, path, "choose another path");
  });
  return [...relative, ...equal(paths), ...within, ...hidden, ...empty];
}

function checkProblems({ check }: Workload): readonly Problem[] {
  const args = check === "none" ? undefined : check.args;
  const change = 'write them, or set check to "none"';
  return problemIf(args?.length === 0, "check.args", "must tell the image to check and end", args, change);
}

function numberProblems(workload: Workload, leastReplicas: number): readonly Problem[] {
  const { memoryMib, userId, groupId, stopGraceSeconds, replicas } = workload;
  return [
    ...outside("memoryMib", memoryMib, workloadLimits.memoryMib),
    ...outside("userId", userId, workloadLimits.userId),
    // A service has one number for both.
    ...(Object.is(groupId, userId) ? [] : outside("groupId", groupId, workloadLimits.userId)),
    ...outside("stopGraceSeconds", stopGraceSeconds, workloadLimits.stopGraceSeconds),
    ...(typeof replicas === "number"
      ? outside("replicas", replicas, { ...workloadLimits.replicas, least: leastReplicas })
      : []),
  ];
}

/** Nobody can be promised more than may be taken. */
function requestProblems(workload: Workload): readonly Problem[] {
  const { memoryMib, memoryRequestMib, cpuRequestMillicores, cpuLimitMillicores } = workload;
  const [request, limit] = [cpuRequestMillicores, cpuLimitMillicores];
  return [
    ...(memoryRequestMib === "all" ? [] : outside("memoryRequestMib", memoryRequestMib, workloadLimits.memoryMib)),
    ...(request === "default" ? [] : outside("cpuRequestMillicores", request, workloadLimits.cpuRequestMillicores)),
    ...(limit === "none" ? [] : outside("cpuLimitMillicores", limit, workloadLimits.cpuLimitMillicores)),
    ...problemIf(
      memoryRequestMib !== "all" && memoryRequestMib > memoryMib,
      "memoryRequestMib",
      `must be at most memoryMib (${memoryMib})`,
      memoryRequestMib,
      "ask for less, or raise memoryMib",
    ),
    ...problemIf(
      request !== "default" && limit !== "none" && limit < request,
      "cpuLimitMillicores",
      `must be at least cpuRequestMillicores (${request})`,
      limit,
      `set at least ${request}, or ask for less`,
    ),
  ];
}

/** The problem of a number that is not whole or not in its range. */
function outside(path: string, value: number, { least, most, because }: Range): readonly Problem[] {
  const isInside = Number.isInteger(value) && value >= least && value <= most;
  const reason = because === undefined ? "" : ` (${because})`;
  const rule = `must be a whole number from ${least} to ${most}${reason}`;
  return problemIf(!isInside, path, rule, value, "choose one in the range");
}
