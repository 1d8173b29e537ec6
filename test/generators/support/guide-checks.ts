import { collectorPorts } from "../../../config/collector/document.ts";
import { portsOnMachine } from "../../../components/platform/workload.ts";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { imageLockFile } from "../../../config/image-lock.ts";
import { programSettingsSchema } from "../../../config/program-settings.ts";
import { dashed, dataVolumeName, instanceName } from "../../../config/names.ts";
import { partList } from "../../../config/parts/parts.ts";
import { serviceDefaults } from "../../../config/service-args.ts";
import { documentedStack, generatedTexts } from "../../../generators/documented-stack.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const documented = documentedStack();
const { name: stackName, ports: hostPorts } = documented.settings;

/** Everything that a page of the guide claims to be there and is not, as `<what>: <text>`. */
export function brokenClaims(markdown: string, page: string): readonly string[] {
  const missing = (what: string, claims: readonly string[], isThere: (claim: string) => boolean): string[] =>
    [...new Set(claims)].filter((claim) => !isThere(claim)).map((claim) => `${what}: ${claim}`);
  const code = codeSpans(markdown);
  return [
    ...missing("link", linksOf(markdown), (link) => leadsSomewhere(link, markdown, page)),
    ...missing("file", code.filter(isFile), (file) => existsSync(join(root, file)) || writtenFiles.has(file)),
    ...missing("script", all(markdown, /npm run ([\w:-]+)/g), (script) => Object.hasOwn(scripts(), script)),
    ...missing("port", portsOf(markdown), (port) => knownPorts.has(Number(port))),
    ...missing("variable", all(markdown, /\b([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)\b/g), (name) => sources().includes(name)),
    ...missing("setting", settingsOf(markdown, code), (name) => isSetting(name) || generatedKeys.has(name)),
    ...missing("container", all(markdown, new RegExp(`(${stackName}[\\w-]*)`, "g")), (name) => dockerNames.has(name)),
  ];
}

/** Group 1 of every match, or the first group that took part. */
function all(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map((match) => match.slice(1).find((group) => group) ?? "");
}

function codeSpans(markdown: string): readonly string[] {
  return all(withoutBlocks(markdown), /`([^`\n]+)`/g);
}

function withoutBlocks(markdown: string): string {
  return markdown.replace(/^( *)```[\s\S]*?^\1```$/gm, "");
}

function linksOf(markdown: string): readonly string[] {
  return all(withoutBlocks(markdown), /\]\((?!https?:)([^)\s]+)\)/g);
}

function leadsSomewhere(link: string, markdown: string, page: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? undefined : join(root, dirname(page), path);
  if (target !== undefined && (!existsSync(target) || relative(root, target).startsWith(".."))) return false;
  return anchor === undefined || anchorsOf(target === undefined ? markdown : readFileSync(target, "utf8")).has(anchor);
}

/** As GitHub makes them of headings. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  return new Set(
    all(withoutBlocks(markdown), /^#+ (.+)$/gm).map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** Files that commands write. */
const writtenFiles: ReadonlySet<string> = new Set(["Pulumi.kubernetes.yaml", imageLockFile]);

/** A path in the repository; those in containers begin with a slash. */
function isFile(code: string): boolean {
  return /^[\w.@-][\w.@/-]*\.(?:ts|mjs|cjs|json|ya?ml|md|png)$/.test(code);
}

/** Ports of addresses, ports in words, and every number of four or five digits in a diagram. */
function portsOf(markdown: string): readonly string[] {
  const diagrams = all(markdown, /^```mermaid\n([\s\S]*?)^```$/gm).join("\n");
  return [...all(markdown, /(?<=\w):(\d{4,5})\b|\bport (\d+)/g), ...all(diagrams, /\b(\d{4,5})\b/g)];
}

function scripts(): object {
  return z.object({ scripts: z.looseObject({}) }).parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")))
    .scripts;
}

const knownPorts: ReadonlySet<number> = new Set([
  ...partList.flatMap(({ ports }) => Object.values(ports).map(({ port }) => port)),
  ...Object.values(collectorPorts),
  serviceDefaults.port,
  ...Object.values<number>(hostPorts),
  ...documented.service.ports.flatMap(portsOnMachine).map(([, hostPort]) => hostPort),
  // An example of a port of one's own.
  3001,
]);

/** The text in which every variable has to occur: the program, the services, and the library with its own table. */
function sources(): string {
  const files = globSync(["{cli,components,config,services,packages/*/src}/**/*.ts", "packages/telemetry/README.md"], {
    cwd: root,
    exclude: (name) => name.includes("node_modules") || name.includes("dist"),
  });
  return files.map((file) => readFileSync(join(root, file), "utf8")).join("\n");
}

/** Names of settings: what `config set` is given, and code that looks like one. */
function settingsOf(markdown: string, code: readonly string[]): readonly string[] {
  const looksLikeOne = (text: string): boolean =>
    /^[a-z]\w*(?:\.\w+)+$/.test(text) &&
    !writtenFiles.has(text) &&
    (/^[a-z]+[A-Z]/.test(text) || knownSettings.has(text.slice(0, text.indexOf("."))));
  return [
    ...all(markdown, /config set (?:--path )?'?([\w.]+)/g),
    ...code.filter(looksLikeOne),
    ...code.filter((text) => /^[a-z]+[A-Z]\w*$/.test(text)),
    ...all(markdown, /`(\w+): (?:true|false)`/g),
  ];
}

/** Whether there is a setting of that path, or of that name in a group: a page that shows the group goes on with the name alone. */
function isSetting(name: string): boolean {
  return knownSettings.has(name) || [...knownSettings].some((path) => path.endsWith(`.${name}`));
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  /** Of a list. */
  readonly items?: Schema;
}

/** Paths of every setting of the program, `memoryMib` and `memoryMib.loki` alike. */
const knownSettings: ReadonlySet<string> = new Set([
  ...settingPaths(z.toJSONSchema(programSettingsSchema, { io: "input" }) as Schema),
  // The one argument of an InstrumentedService that the guide names.
  "telemetry",
]);

function settingPaths({ properties, items }: Schema, prefix = ""): readonly string[] {
  return Object.entries(properties ?? items?.properties ?? {}).flatMap(([key, schema]) => [
    `${prefix}${key}`,
    ...settingPaths(schema, `${prefix}${key}.`),
  ]);
}

/** Every key of the generated texts, such as `tracesToLogsV2`. */
const generatedKeys: ReadonlySet<string> = new Set(
  Object.values(generatedTexts(documented)).flatMap(({ value }) => keysOf(value)),
);

function keysOf(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
}

/** Containers, their helpers, volumes and the network. */
const dockerNames: ReadonlySet<string> = new Set([
  stackName,
  // What the prefix is shown with: `observability-dev-…`.
  `${stackName}-`,
  // Those as well that run with other settings only.
  ...partList.map(({ host }) => instanceName(stackName, host, 1)),
  ...[...documented.backends, documented.service].flatMap(({ name, dataVolumes }) => [
    instanceName(stackName, name, 1),
    ...dataVolumes.flatMap((volume) => [
      dataVolumeName(stackName, volume.name),
      `${stackName}-${dashed(volume.name)}-owner`,
    ]),
  ]),
]);
