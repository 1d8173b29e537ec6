import { join, relative } from "node:path";
import { format, resolveConfig } from "prettier";
import { parseDocument, stringify } from "yaml";
import { z } from "zod";
import { commandLines } from "../cli/command-list.ts";
import { projectName } from "../cli/project.ts";
import { capacityText } from "../cli/preview/capacity-report.ts";
import { capacityOf, measuredNeeds, type Rates } from "../config/capacity.ts";
import { parseSettings } from "../config/parse-settings.ts";
import { defaultImages } from "../config/resolve-images.ts";
import { listedPorts, partEntries } from "../config/parts/parts.ts";
import { programSettingsSchema } from "../config/program-settings.ts";

/*
 * Three descriptions of the settings, all from their one schema: the table of docs/settings.md, the `config` section of
 * Pulumi.yaml, and a JSON schema with which an editor completes and checks a stack's settings file.
 */

/**
 * A page with its tables written anew: the settings from the schema, the commands from their list, addresses and images from the
 * parts of the stack. What the page says in words of an address or an image stays; one that is new is said as its part says it.
 */
export async function withReference(page: string, file: string): Promise<string> {
  const names = referencePages[relative(root, file)] ?? [];
  const text = names.reduce((markdown, name) => {
    const table = tables[name];
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [before, rest] = markdown.split(open);
    const [written = "", after] = (rest ?? "").split(close);
    if (before === undefined || after === undefined) {
      throw new Error(`${file}: must hold ${open} and ${close}, found not both; put them back`);
    }
    return `${before}${open}\n\n${table(written)}\n\n${close}${after}`;
  }, page);
  return formatted(text, file);
}

const root = join(import.meta.dirname, "..");

const tables = {
  settings: settingsTable,
  addresses: addressesTable,
  commands: commandsTable,
  images: imagesTable,
  capacity: capacityExample,
  needs: needsTable,
} as const satisfies Readonly<Record<string, (written: string) => string>>;

/** The tables of each page, by its path in the repository. */
export const referencePages: Readonly<Record<string, readonly (keyof typeof tables)[]>> = {
  "README.md": ["addresses", "commands"],
  "docs/settings.md": ["settings"],
  "docs/measured.md": ["needs", "images"],
  "docs/capacity.md": ["capacity"],
};

/** The table of addresses, in the order in which `npm run up` lists them. */
function addressesTable(written: string): string {
  const url = (port: number): string => `http://127.0.0.1:${port}`;
  const ports = listedPorts.map(({ title, port, purpose }) => [title, url(port), purpose]);
  const example = [["the example's API", url(programSettingsSchema.shape.apiPort.parse(undefined)), "the example"]];
  return inTheWordsOf(written, [["what", "address", "for"], ["---", "---", "---"], ...ports, ...example], 1);
}

/** The table of commands, as `npm run help` prints them. */
function commandsTable(): string {
  const rows = commandLines.map(({ command, does }) => [`\`${command}\``, does]);
  return [["command", "does"], ["---", "---"], ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** The table of images: each that is pinned. */
function imagesTable(written: string): string {
  const rows = [...new Set(Object.values<string>(defaultImages))].map((image) => [`\`${image}\``, "pinned"]);
  return inTheWordsOf(written, [["image", "tested as"], ["---", "---"], ...rows], 0);
}

/** Settings that say what comes. */
const expecting = {
  retentionHours: 168,
  expected: { services: 20, linesPerSecond: 200, spansPerSecond: 100, activeSeries: 10_000, diskGib: 500 },
};

/** {@link expecting} as a stack's file has it, and what `npm run preview` says of it. */
function capacityExample(): string {
  const config = Object.fromEntries(Object.entries(expecting).map(([key, value]) => [`${projectName}:${key}`, value]));
  const capacity = capacityOf(parseSettings(expecting, { project: projectName, stack: "dev" }));
  if (capacity === undefined) throw new Error("expected: must be set in the example, is not");
  return [
    ...["```yaml", stringify({ config }).trimEnd(), "```"],
    ...["", "`npm run preview` ends with:", "", "```text", capacityText(capacity), "```"],
  ].join("\n");
}

/** What is counted, in words, and how many of it a constant is told for. */
const amountWords: Readonly<Record<keyof Required<Rates>, readonly [of: number, words: string]>> = {
  base: [1, ""],
  streams: [1, "each service that sends lines"],
  requests: [1, "each request a second"],
  lines: [1000, "1,000 lines a second"],
  lineMib: [1, "each MiB of lines a second"],
  spans: [1000, "1,000 spans a second"],
  storedSpans: [1000, "1,000 stored spans a second"],
  waitingSpans: [1000, "1,000 spans that wait for tail sampling"],
  series: [1000, "1,000 series"],
  points: [1000, "1,000 points a second"],
};

/** The constants of the model: what each part takes. */
function needsTable(): string {
  const names = Object.keys(amountWords) as readonly (keyof Rates)[];
  const told = (rates: Rates): string =>
    names
      .flatMap((name) => {
        const [rate, [of, words]] = [rates[name], amountWords[name]];
        if (rate === undefined) return [];
        return [`${Number((rate * of).toPrecision(3))}${words === "" ? "" : ` for ${words}`}`];
      })
      .join(" + ");
  const rows = partEntries.flatMap(([name, { host }]) => {
    const needs = measuredNeeds[name];
    if (needs === undefined) return [];
    const { memoryMib, cores, disk } = needs;
    const ofDay = disk?.bytesADay === undefined ? "" : `, and each day ${told(disk.bytesADay)}`;
    const bytes = disk === undefined || Object.keys(disk.bytes).length === 0 ? "" : `${told(disk.bytes)}${ofDay}`;
    return [[`\`${host}\``, told(memoryMib), told(cores), bytes]];
  });
  const header = ["part", "memory that it needs, MiB", "cores", "bytes on disk, each second"];
  return [header, header.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** A table in which each row is as it was written, where one with that cell was. @param key number of the cell */
function inTheWordsOf(written: string, rows: readonly (readonly string[])[], key: number): string {
  const cells = (line: string): string[] =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
  const before = new Map(written.split("\n").map((line) => [cells(line)[key], cells(line)]));
  return rows.map((row) => `| ${(before.get(row[key] ?? "") ?? row).join(" | ")} |`).join("\n");
}

/**
 * Pulumi.yaml with its `config` section written anew from the schema; everything else and its comments stay.
 *
 * Every key has a default, because the engine asks for a value of each that has none. None has a type: the engine would
 * refuse the first value of another type by itself, and the program could not report it with everything else.
 */
export async function withProjectConfig(projectFile: string, file: string): Promise<string> {
  const document = parseDocument(projectFile);
  const section = Object.entries(settings()).map(([key, setting]) => [
    key,
    { description: setting.description, default: completeDefault(setting) },
  ]);
  const pair = document.createPair("config", Object.fromEntries(section));
  pair.key.commentBefore = " Written by `npm run docs`. No types: see generators/reference.ts.";
  document.delete("config");
  document.add(pair);
  return formatted(document.toString({ lineWidth: 0 }), file);
}

/** The JSON schema of a `Pulumi.<stack>.yaml`. Keys of other projects and of Pulumi itself are left alone. */
export async function stackFileSchema(file: string): Promise<string> {
  const properties = Object.entries(settings()).map(([key, setting]) => [
    `${projectName}:${key}`,
    inStackFile(setting),
  ]);
  const schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: `Settings of a stack of the project ${projectName}`,
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: Object.fromEntries(properties) as object,
        patternProperties: { [`^(?!${projectName}:)`]: {} },
        additionalProperties: false,
      },
    },
  };
  return formatted(JSON.stringify(schema, withoutMarks), file);
}

/** The marks of places that may hold secrets mean nothing to an editor. */
function withoutMarks(key: string, value: unknown): unknown {
  return key === "secret" && typeof value === "boolean" ? undefined : value;
}

async function formatted(text: string, file: string): Promise<string> {
  return format(text, { ...(await resolveConfig(file)), filepath: file });
}

/** What the reference needs of a JSON schema; zod writes more. */
interface SettingSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SettingSchema>>;
  readonly additionalProperties?: unknown;
  /** Whether `pulumi config set --secret` writes its values, as `secure: …`. */
  readonly secret?: boolean;
}

/** Every setting of the program at the top of the repository. */
function settings(): Readonly<Record<string, SettingSchema>> {
  const schema = z.toJSONSchema(programSettingsSchema, { io: "input", target: "draft-7" }) as SettingSchema;
  return schema.properties ?? {};
}

/** The settings as rows of a Markdown table: key, default, meaning. */
function settingsTable(): string {
  const rows = Object.entries(settings()).flatMap(([key, setting]) => settingRows(key, setting));
  return [["setting", "default", "meaning"], ["---", "---", "---"], ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}

/** A group whose fields have meanings of their own has a row for each. */
function settingRows(key: string, setting: SettingSchema): string[][] {
  const fields = Object.entries(setting.properties ?? {});
  if (!fields.some(([, field]) => field.description !== undefined)) {
    return [[`\`${key}\``, defaultText(setting), setting.description ?? ""]];
  }
  return fields.flatMap(([name, field]) => settingRows(`${key}.${name}`, field));
}

function defaultText(setting: SettingSchema): string {
  const fields = Object.entries(setting.properties ?? {});
  if (fields.length === 0) return setting.default === undefined ? "" : code(setting.default);
  return fields
    .map(([name, field]) => (field.default === undefined ? `\`${name}\`` : `\`${name}\` ${code(field.default)}`))
    .join(", ");
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}

/** The default of a setting, for a group with that of every field in it. */
function completeDefault({ properties, default: value }: SettingSchema): unknown {
  if (properties === undefined) return value;
  const fields = Object.entries(properties).flatMap(([name, field]) =>
    field.default === undefined ? [] : [[name, completeDefault(field)]],
  );
  return Object.fromEntries(fields) as unknown;
}

/** What `pulumi config set` writes: it puts every number and every truth value at the top in quotes. */
const quoted: Readonly<Record<string, string>> = { boolean: "^(true|false)$", integer: "^\\d+$" };

function inStackFile({ description, default: preset, secret, ...rule }: SettingSchema): object {
  const pattern = quoted[rule.type ?? ""];
  if (secret === true) {
    const written = { type: "object", properties: { secure: rule.additionalProperties }, required: ["secure"] };
    const additionalProperties = { anyOf: [rule.additionalProperties, written] };
    return { description, default: preset, ...rule, additionalProperties };
  }
  const value = pattern === undefined ? rule : { anyOf: [rule, { type: "string", pattern }] };
  return { description, default: preset, ...value };
}
