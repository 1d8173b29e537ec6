import type { KnownWorkload } from "../components/platform/workload.ts";
import { addedMetrics } from "../config/collector/own-metrics.ts";
import { hostMetrics } from "../config/collector/host-metrics.ts";
import { filledIn } from "../config/env-value.ts";
import { flows, services } from "../config/flows.ts";
import { dataVolumeName } from "../config/names.ts";
import { partEntries, partList, parts, type PartName } from "../config/parts/parts.ts";
import { goMemoryLimitMib } from "../config/units.ts";
import type { DocumentedStack } from "./documented-stack.ts";

/** What each port is for, by container and by the port's name. */
const portPurposes: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    partList.flatMap(({ host, ports }) =>
      Object.entries(ports).map(([name, { purpose }]) => [`${host} ${name}`, purpose]),
    ),
  ),
  "backend http": "the example's HTTP API",
};

/** The setting of each container's memory. */
const memorySettings: Readonly<Record<string, PartName>> = Object.fromEntries(
  partEntries.map(([name, { host }]) => [host, name]),
);

type Row = readonly string[];

const tables: Readonly<
  Record<
    string,
    { readonly head: Row; readonly rows: (workloads: readonly KnownWorkload[], all: DocumentedStack) => Row[] }
  >
> = {
  ports: {
    head: ["container", "port", "on this machine", "setting", "for"],
    rows: (workloads, all) => workloads.flatMap((workload) => portRows(workload, all)),
  },
  flows: {
    head: ["from", "to", "port"],
    rows: () => flows.map(({ from, to, port }) => [from === services ? "every service" : from, to, `${port}`]),
  },
  memory: { head: ["container", "limit, MiB", "`GOMEMLIMIT`", "setting"], rows: memoryRows },
  rules: {
    head: ["alert", "severity", "page"],
    rows: (_, { rules }) =>
      rules.map(({ name, title, severity }) => [title, severity, `[${name}](runbooks/${name}.md)`]),
  },
  health: {
    head: ["container", "Docker asks, inside the container", "every", "others wait for it"],
    rows: (workloads) => workloads.map(healthRow),
  },
  "own-metrics": { head: ["container", "metric", "what it says"], rows: ownMetricRows },
  volumes: {
    head: ["container", "volume", "at", "user", "group"],
    rows: (workloads, { settings }) => workloads.flatMap((workload) => volumeRows(workload, settings.name)),
  },
};

/**
 * A table about the deployment's containers.
 *
 * @param names containers to show; empty for all.
 * @throws Error if there is no such table or container.
 */
export function guideTables(documented: DocumentedStack, kind: string, names: readonly string[]): string {
  const table = tables[kind];
  if (table === undefined) throw new Error(`must be one of ${Object.keys(tables).join(", ")}, got ${kind}`);
  const all = [...documented.backends, documented.service];
  const unknown = names.filter((name) => !all.some((workload) => workload.name === name));
  if (unknown.length > 0) throw new Error(`there is no container ${unknown.join(", ")}`);
  const chosen = names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
  return [table.head, table.head.map(() => "---"), ...table.rows(chosen, documented)]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}

function portRows(workload: KnownWorkload, { settings, service }: DocumentedStack): Row[] {
  return workload.ports.map(({ name, port, hostPort }) => {
    const purpose = portPurposes[`${workload.name} ${name}`];
    if (purpose === undefined) throw new Error(`${workload.name}: the port ${name} must have a purpose, found none`);
    const setting =
      workload === service
        ? "apiPort"
        : `ports.${Object.entries(settings.ports).find(([, given]) => given === hostPort)?.[0] ?? ""}`;
    const [where, by] = typeof hostPort === "number" ? [`\`127.0.0.1:${hostPort}\``, `\`${setting}\``] : ["no", ""];
    return [`\`${workload.name}\``, `${port}`, where, by, purpose];
  });
}

function memoryRows(workloads: readonly KnownWorkload[], { service, serviceCount }: DocumentedStack): Row[] {
  const rows = workloads.map((workload) => {
    if (workload === service) return [`each of the ${serviceCount} of the example`, `${workload.memoryMib}`, "", ""];
    const setting = memorySettings[workload.name];
    if (setting === undefined) throw new Error(`${workload.name}: must have a setting for its memory, found none`);
    const goLimit = parts[setting].runtime === "go" ? `${goMemoryLimitMib(workload.memoryMib)}MiB` : "";
    const given = filledIn(workload.env["GOMEMLIMIT"] ?? "", (fact) => fact);
    if (goLimit !== given) throw new Error(`${workload.name}: must have the GOMEMLIMIT ${goLimit}, got ${given}`);
    const shown = goLimit === "" ? "" : `\`${goLimit}\``;
    return [`\`${workload.name}\``, `${workload.memoryMib}`, shown, `\`memoryMib.${setting}\``];
  });
  const total = workloads.reduce((sum, each) => sum + each.memoryMib * (each === service ? serviceCount : 1), 0);
  return [...rows, ["all together", `${total}`, "", ""]];
}

function healthRow({ name, probes }: KnownWorkload): Row {
  const { readiness, selfCheck, gates } = probes;
  if (selfCheck === "none") return [`\`${name}\``, "nothing: it has nothing small to ask with", "", "no"];
  const { command } = selfCheck;
  const isHttp = readiness !== "none" && readiness.ask.kind === "http";
  const shown = command[0] === "node" && isHttp ? `GET ${readiness.ask.path}` : command.join(" ");
  return [`\`${name}\``, `\`${shown}\``, `${selfCheck.periodSeconds} s`, gates ? "yes" : "no"];
}

function ownMetricRows(workloads: readonly KnownWorkload[]): Row[] {
  const added = Object.entries(addedMetrics).map(([name, says]) => ["each of these", `\`${name}\``, says]);
  const kept = partList
    .filter(({ host }) => workloads.some(({ name }) => name === host))
    .flatMap(({ host, metrics }) =>
      Object.entries(metrics === "none" ? {} : metrics.kept).map(
        ([name, { says, storedAs = name, isRare = false }]) => {
          const shown = `\`${storedAs}\``;
          return [`\`${host}\``, isRare ? `(${shown})` : shown, says];
        },
      ),
    );
  const ofHost = Object.entries(hostMetrics).map(([name, says]) => ["the machine", `\`${name}\``, says]);
  return [...added, ...kept, ...ofHost];
}

function volumeRows({ name, dataVolumes, userId, groupId }: KnownWorkload, stackName: string): Row[] {
  return dataVolumes.map((volume) => [
    `\`${name}\``,
    `\`${dataVolumeName(stackName, volume.name)}\``,
    `\`${volume.path}\``,
    `${userId}`,
    `${groupId}`,
  ]);
}
