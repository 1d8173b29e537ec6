import { format, resolveConfig } from "prettier";
import { z } from "zod";
import { programSettingsSchema } from "../config/example-services.ts";

/** The README with its table of settings written anew from the schema. */
export async function withReference(readme: string, file: string): Promise<string> {
  const [before, rest] = readme.split("<!-- settings -->");
  const [, after] = (rest ?? "").split("<!-- /settings -->");
  if (before === undefined || after === undefined) {
    throw new Error(`${file}: must hold <!-- settings --> and <!-- /settings -->, found not both; put them back`);
  }
  const text = `${before}<!-- settings -->\n\n${settingsTable()}\n\n<!-- /settings -->${after}`;
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
}

/** Every setting of the program at the top of the repository as rows of a Markdown table: key, default, meaning. */
function settingsTable(): string {
  const schema = z.toJSONSchema(programSettingsSchema, { io: "input" }) as SettingSchema;
  const rows = Object.entries(schema.properties ?? {}).map(([key, setting]) => [
    `\`${key}\``,
    defaultText(setting),
    setting.description ?? "",
  ]);
  return [["setting", "default", "meaning"], ["---", "---", "---"], ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
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
