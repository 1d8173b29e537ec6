import { fileKey } from "../../../config/names.ts";
import { problem, problemIf, type Problem } from "../../../config/problem.ts";
import type { Workload } from "../workload.ts";

/** Problems that the API server would report in the middle of a deployment; the paths begin with the name of a field. */
export function podProblems(workload: Workload): readonly Problem[] {
  return [...userProblems(workload), ...portNameProblems(workload), ...fileProblems(workload)];
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
