import type { PreviewFile, ProgramPreview } from "../../components/preview/preview-program.ts";
import type { PreviewResource } from "../../components/preview/record-program.ts";
import { secretValue } from "../../components/preview/values.ts";
import { holds } from "../../components/preview/checked-inputs.ts";
import type { Difference } from "../../components/preview/difference.ts";

/** A preview for a person to read: the resources as a tree, files, ports, addresses and what it takes of the machine. */
export function previewText(preview: ProgramPreview, urls: Readonly<Record<string, string>>): string {
  const { resources, files, ports, footprint } = preview;
  return [
    section(`Resources (${resources.length})`, columns(tree(resources))),
    section(`Files (${files.length})`, columns(files.map(fileRow))),
    section(
      `Ports on this machine (${ports.length})`,
      columns(ports.map(({ address, workload, name, port }) => [address, `→ ${workload}:${port}`, name])),
    ),
    section("URLs", columns(Object.entries(urls))),
    section("Footprint", footprintRows(footprint)),
  ].join("\n\n");
}

/** Rows under a title. */
export function section(title: string, rows: readonly string[]): string {
  return [title, ...(rows.length === 0 ? ["none"] : rows).map((row) => `  ${row}`)].join("\n");
}

/** Rows with each column as wide as its widest cell. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const width = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const widths = Array.from({ length: Math.max(0, ...rows.map((row) => row.length)) }, (_, column) => width(column));
  const padded = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)));
  return padded.map((cells) => cells.join("  ").trimEnd());
}

/** A component's own details first, then the components within it, the one with the most children first. */
function tree(resources: readonly PreviewResource[]): readonly (readonly string[])[] {
  const urns = new Set(resources.map(({ urn }) => urn));
  const childrenOf = (parent: string): readonly PreviewResource[] =>
    resources.filter((child) => child.parent === parent);
  const size = ({ urn }: PreviewResource): number => childrenOf(urn).length;
  const rows = (siblings: readonly PreviewResource[], depth: number): readonly (readonly string[])[] =>
    siblings
      .toSorted(
        (a, b) => Number(b.custom) - Number(a.custom) || size(b) - size(a) || (sortKey(a) < sortKey(b) ? -1 : 1),
      )
      .flatMap((resource) => [
        [`${"  ".repeat(depth)}${kind(resource.type)}`, resource.name, marks(resource)],
        ...rows(childrenOf(resource.urn), depth + 1),
      ]);
  return rows(
    resources.filter(({ parent }) => !urns.has(parent)),
    0,
  );
}

function sortKey({ type, name }: PreviewResource): string {
  return `${kind(type)} ${name}`;
}

/** `docker:index/container:Container` is `docker:Container`. */
export function kind(type: string): string {
  const [first = "", , last = ""] = type.split(":");
  return `${first === "pulumi" ? "provider" : first}:${last}`;
}

function marks({ protect, inputs, outputs }: PreviewResource): string {
  const secrets = Object.entries({ ...outputs, ...inputs })
    .filter(([, value]) => holds(value, secretValue))
    .map(([name]) => name);
  return [
    ...(protect ? ["protected"] : []),
    ...(secrets.length > 0 ? [`secret: ${secrets.sort().join(", ")}`] : []),
  ].join(", ");
}

function fileRow({ workload, path, content }: PreviewFile): readonly string[] {
  if (content === undefined) return [workload, path, "secret"];
  const lines = content.split("\n").length - (content.endsWith("\n") ? 1 : 0);
  return [workload, path, `${count(lines, "line")}, ${count(Buffer.byteLength(content), "byte")}`];
}

function footprintRows({ memoryMib, instances, volumes, hostPorts }: ProgramPreview["footprint"]): readonly string[] {
  const copies = instances.map(({ replicas }) => (typeof replicas === "number" ? replicas : 1));
  const containers = count(
    copies.reduce((sum, known) => sum + known, 0),
    "container",
  );
  const isKnown = instances.every(({ replicas }) => typeof replicas === "number");
  return [
    `memory limits: ${memoryMib} MiB in ${containers}${isKnown ? "" : ", and more once their number is known"}`,
    ...columns(instances.map(({ name, memoryMib: limit }) => [`  ${name}`, `${String(limit).padStart(5)} MiB`])),
    `volumes: ${volumes.length}`,
    ...columns(volumes.map(({ name, workload, path }) => [`  ${name}`, `${workload}:${path}`])),
    `ports: ${hostPorts.length}`,
  ];
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

/** A difference for a person to read. Names only: an input's value may be long or not for everybody's eyes. */
export function differenceText({ changes, unchanged }: Difference, stackName: string): string {
  const signs = { create: "+", change: "~", remove: "-" } as const;
  const rows = changes.map(({ kind: what, type, name, inputs, protect }) => [
    `${signs[what]} ${what}`,
    kind(type),
    name,
    what === "remove" && protect ? "protected: Pulumi refuses to delete it" : inputs.join(", "),
  ]);
  const title = `Planned difference to the deployed state of ${stackName}`;
  const asking = `npm run pulumi -- preview --stack ${stackName}`;
  return [
    section(title, [...columns(rows), `${unchanged} unchanged`]),
    `  Computed from the program and the state alone. No provider and nothing that runs was asked, so what was\n  changed by hand and what has to be replaced is not shown; \`${asking}\` shows it.`,
  ].join("\n");
}
