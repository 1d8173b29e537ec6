import { defaultCpuRequestMillicores, type KubernetesSettings } from "../../../config/kubernetes-settings.ts";
import { fileKey } from "../../../config/names.ts";
import { problem, problemIf, type Problem } from "../../../config/problem.ts";
import type { Workload } from "../workload.ts";
import { podLabels } from "./labels.ts";

/** Problems that the API server would report in the middle of a deployment; the paths begin with the name of a field. */
export function podProblems(workload: Workload, resources: KubernetesSettings["resources"]): readonly Problem[] {
  return [
    ...processorProblems(workload, resources),
    ...labelProblems(workload),
    ...userProblems(workload),
    ...portNameProblems(workload),
    ...fileProblems(workload),
  ];
}

/** What a pod is promised of the processor and gets at most, in millicores: the settings come before what the program says. */
export function processorShare(
  {
    name,
    cpuRequestMillicores,
    cpuLimitMillicores,
  }: Pick<Workload, "name" | "cpuRequestMillicores" | "cpuLimitMillicores">,
  resources: KubernetesSettings["resources"],
): { readonly request: number; readonly limit: number | "none" } {
  const set = resources[name];
  const own = cpuRequestMillicores === "default" ? defaultCpuRequestMillicores : cpuRequestMillicores;
  return {
    request: set?.cpuRequestMillicores ?? own,
    limit: set?.cpuLimitMillicores ?? cpuLimitMillicores,
  };
}

/** Each of the two may be right by itself, and the setting be about one of them only. */
function processorProblems(workload: Workload, resources: KubernetesSettings["resources"]): readonly Problem[] {
  const { request, limit } = processorShare(workload, resources);
  // That is told where the workload has both itself.
  const isOwn = request === workload.cpuRequestMillicores && limit === workload.cpuLimitMillicores;
  return problemIf(
    limit !== "none" && limit < request && !isOwn,
    "cpuLimitMillicores",
    `must be at least what is asked for on this cluster (${request})`,
    limit,
    `set at least ${request}, or ask for less; kubernetes.resources.${workload.name} comes before what the program says`,
  );
}

function labelProblems({ name, kubernetes: { labels = {} } }: Workload): readonly Problem[] {
  const own = podLabels("", name);
  const rule = "must not replace a label that the stack goes by";
  return Object.entries(labels).flatMap(([key, value]) =>
    problemIf(Object.hasOwn(own, key), `kubernetes.labels.${JSON.stringify(key)}`, rule, value, "rename it"),
  );
}

function userProblems({ userId }: Workload): readonly Problem[] {
  const rule = "must not be 0, which the restricted Pod Security profile refuses";
  const change = "choose another user that the image works with, for example 1000";
  return problemIf(userId === 0, "userId", rule, userId, change);
}

/** IANA_SVC_NAME, as the API server has it for the ports of containers. */
const portName = /^(?=.*[a-z])(?!.*--)[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/;

function portNameProblems({ ports }: Workload): readonly Problem[] {
  const rule = "must be at most 15 lower-case letters, digits and single inner hyphens, with a letter among them";
  return ports.flatMap(({ name }, index) =>
    problemIf(!portName.test(name), `ports.${index}.name`, rule, name, "rename it"),
  );
}

/** Most that a ConfigMap holds, in bytes. */
const mostBytes = 1024 * 1024;

function fileProblems({ configFiles, secretFiles }: Workload): readonly Problem[] {
  const bytes = configFiles.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  const rule = `must have at most ${mostBytes} bytes together, which is what a ConfigMap holds`;
  return [
    ...problemIf(bytes > mostBytes, "configFiles", rule, bytes, "leave some out"),
    ...keyProblems("configFiles", configFiles),
    ...keyProblems("secretFiles", secretFiles),
  ];
}

/** `/etc/a_b` and `/etc/a/b` would be one file. */
function keyProblems(field: string, files: readonly { readonly path: string }[]): readonly Problem[] {
  return files.flatMap(({ path }, index) => {
    const other = files.slice(0, index).find((file) => file.path !== path && fileKey(file.path) === fileKey(path));
    if (other === undefined) return [];
    const rule = `must differ from ${other.path} in more than characters that no key of a ConfigMap may have`;
    return [problem(`${field}.${index}.path`, rule, path, "rename one of the two")];
  });
}
