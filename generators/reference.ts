import { format, resolveConfig } from "prettier";
import { parseDocument } from "yaml";
import { z } from "zod";
import { projectName } from "../cli/project.ts";
import { programSettingsSchema } from "../config/program-settings.ts";

/*
 * Three descriptions of the settings, all from their one schema: the README's table, the `config` section of
 * Pulumi.yaml, and a JSON schema with which an editor completes and checks a stack's settings file.
 */

/** Where the JSON schema is, relative to the root of the repository and so to the stacks' settings files. */
export const stackFileSchemaPath = "config/stack-settings.schema.json";

/** The README with its table of settings written anew from the schema. */
export async function withReference(readme: string, file: string): Promise<string> {
  const [before, rest] = readme.split("<!-- settings -->");
  const [, after] = (rest ?? "").split("<!-- /settings -->");
  if (before === undefined || after === undefined) {
    throw new Error(`${file}: must hold <!-- settings --> and <!-- /settings -->, found not both; put them back`);
  }
  return formatted(`${before}<!-- settings -->\n\n${settingsTable()}\n\n<!-- /settings -->${after}`, file);
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
function completeDefault({ properties, default: own }: SettingSchema): unknown {
  if (properties === undefined) return own;
  const fields = Object.entries(properties).flatMap(([name, field]) =>
    field.default === undefined ? [] : [[name, completeDefault(field)]],
  );
  return Object.fromEntries(fields) as unknown;
}

/** What `pulumi config set` writes: it puts every number and every truth value at the top in quotes. */
const quoted: Readonly<Record<string, string>> = { boolean: "^(true|false)$", integer: "^\\d+$" };

function inStackFile({ description, default: usual, secret, ...rule }: SettingSchema): object {
  const pattern = quoted[rule.type ?? ""];
  if (secret === true) {
    const written = { type: "object", properties: { secure: rule.additionalProperties }, required: ["secure"] };
    const additionalProperties = { anyOf: [rule.additionalProperties, written] };
    return { description, default: usual, ...rule, additionalProperties };
  }
  const value = pattern === undefined ? rule : { anyOf: [rule, { type: "string", pattern }] };
  return { description, default: usual, ...value };
}
