import type { Workload } from "./workload.ts";

const dnsLabel = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The rules that every platform shares.
 *
 * @throws Error with every problem of the workload, one a line.
 */
export function validateWorkload(workload: Workload): void {
  const problems = [
    ...nameProblems(workload),
    ...duplicates(
      "ports",
      workload.ports.map((port) => String(port.port)),
    ),
    ...duplicates(
      "port names",
      workload.ports.map((port) => port.name),
    ),
    ...duplicates(
      "file paths",
      [...workload.configFiles, ...workload.secretFiles].map((file) => file.path),
    ),
    ...numberProblems(workload),
    ...pathProblems(workload),
    ...emptyFileProblems(workload),
  ];
  if (problems.length > 0) {
    throw new Error(problems.map((problem) => `${workload.name}: ${problem}`).join("\n"));
  }
}

function nameProblems(workload: Workload): string[] {
  if (dnsLabel.test(workload.name)) return [];
  return [
    `name: must be a DNS label (lower-case letters, digits, inner hyphens), got ${JSON.stringify(workload.name)}`,
  ];
}

function duplicates(what: string, values: readonly string[]): string[] {
  const repeated = new Set(values.filter((value, index) => values.indexOf(value) !== index));
  return [...repeated].map((value) => `${what}: must be unique, got ${value} twice`);
}

function numberProblems(workload: Workload): string[] {
  const { ports, memoryMib, userId, groupId, stopGraceSeconds, replicas } = workload;
  const hostPorts = ports.flatMap(({ hostPort }) => (hostPort === "internal" ? [] : [hostPort]));
  return [
    ...ports.flatMap(({ port }) => outside("port", port, 1, 65535)),
    ...hostPorts.flatMap((hostPort) => outside("hostPort", hostPort, 1, 65535)),
    // Less is refused by Docker.
    ...outside("memoryMib", memoryMib, 6, Number.MAX_SAFE_INTEGER),
    ...outside("userId", userId, 0, 2 ** 31 - 1),
    ...outside("groupId", groupId, 0, 2 ** 31 - 1),
    ...outside("stopGraceSeconds", stopGraceSeconds, 0, 3600),
    ...outside("replicas", replicas, 0, 100),
  ];
}

function outside(what: string, value: number, least: number, most: number): string[] {
  if (Number.isInteger(value) && value >= least && value <= most) return [];
  return [`${what}: must be a whole number from ${least} to ${most}, got ${value}`];
}

function pathProblems(workload: Workload): string[] {
  const paths = [...workload.configFiles, ...workload.secretFiles, ...workload.dataVolumes].map((entry) => entry.path);
  return paths.filter((path) => !path.startsWith("/")).map((path) => `path: must be absolute, got ${path}`);
}

function emptyFileProblems(workload: Workload): string[] {
  return workload.configFiles
    .filter((file) => file.content === "")
    .map((file) => `${file.path}: must not be empty, Docker refuses empty uploads`);
}
