import { format, resolveConfig } from "prettier";
import { stringify } from "yaml";
import { runbookFolder } from "../config/grafana/alerting/links.ts";
import { isRecord } from "../config/parse.ts";
import { documentedStack, generatedTexts, type GeneratedText } from "./documented-stack.ts";
import { guideTables } from "./guide-tables.ts";
import { merged } from "./merge-yaml.ts";

/** The pages about the stack wherever it runs, and about Docker; relative to the root of the repository. */
export const operationsPages = ["stack", "logs", "metrics", "traces"].map((page) => `docs/operations/${page}.md`);

/** The page about Kubernetes. */
export const kubernetesPage = "docs/kubernetes.md";

/** The page of each alert rule, by the rule's name. */
export const runbookPages = documentedStack().rules.map(({ name }) => `${runbookFolder}/${name}.md`);

/** The page about alerts. */
export const alertsPage = "docs/alerts.md";

/** Every page of the guide. */
export const guidePages = [...operationsPages, kubernetesPage, alertsPage, ...runbookPages];

/**
 * A page of the guide with everything between its markers written anew from what the program generates:
 *
 * - `<!-- listing: loki limits_config.otlp_config -->`: these parts of a generated text (all of it without a path);
 *   of a list, the element with that `name`, or the one at that place;
 * - `<!-- values: loki -->`: a table whose first column names settings; the second becomes their values;
 * - `<!-- value: loki limits_config.retention_period -->`: one value in a sentence;
 * - `<!-- table: ports loki -->`: a table about containers (of all of them without a name).
 *
 * Each ends with `<!-- /listing -->` and so on.
 *
 * @throws Error that names the file and the marker, if there is nothing of that name.
 */
export async function withGenerated(markdown: string, file: string): Promise<string> {
  const documented = documentedStack();
  const texts = generatedTexts(documented);
  const unpaired = /<!-- \/?(?:listing|values|value|table)\b.*?-->/.exec(markdown.replace(marked, ""));
  if (unpaired !== null)
    throw new Error(`${file}: ${unpaired[0]} must be one of a pair, found it alone; add the other`);
  const text = markdown.replace(marked, (_all, indent: string, kind: string, what: string, body: string) => {
    const [name = "", ...rest] = what.split(" ");
    try {
      const inner = kind === "table" ? guideTables(documented, name, rest) : quoted(kind, texts, name, rest, body);
      const [open, close] = [`<!-- ${kind}: ${what} -->`, `<!-- /${kind} -->`];
      if (kind === "value") return `${indent}${open}${inner}${close}`;
      return [open, "", ...inner.split("\n"), "", close].map((line) => `${indent}${line}`).join("\n");
    } catch (error) {
      throw new Error(`${file}: ${kind} ${what}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  });
  return format(text, { ...(await resolveConfig(file)), filepath: file });
}

/** Indentation of a marker at the start of a line, its kind, what it wants, and what stands between it and its end. */
const marked = /(^[ ]*|)<!-- (listing|values|value|table): (.+?) -->([\s\S]*?)<!-- \/\2 -->/gm;

type Texts = Readonly<Record<string, GeneratedText>>;

function quoted(kind: string, texts: Texts, name: string, wanted: readonly string[], body: string): string {
  const text = texts[name];
  if (text === undefined) throw new Error(`must be one of ${Object.keys(texts).join(", ")}, got ${name}`);
  if (kind === "listing") return listing(text, wanted);
  if (kind === "value") return shown(valueAt(text, wanted.join(" ")));
  const rows = body
    .trim()
    .split("\n")
    .map((line) => line.trim());
  return rows.map((row, index) => (index < 2 ? row : withValue(row, text))).join("\n");
}

/** A row of a table of settings with its second cell written anew. */
function withValue(row: string, text: GeneratedText): string {
  const cells = row.split(/(?<!\\)\|/);
  const path = /^ *`([^`]+)` *$/.exec(cells[1] ?? "")?.[1];
  if (path === undefined || cells.length < 5) {
    throw new Error(`each row must be | \`setting\` | value | why |, got ${row}`);
  }
  cells[2] = ` \`${shown(valueAt(text, path)).replaceAll("|", "\\|")}\` `;
  return cells.join("|");
}

function listing(text: GeneratedText, wanted: readonly string[]): string {
  if (text.format !== "yaml") {
    const entries = Object.entries(text.value).filter(([key]) => wanted.length === 0 || wanted.includes(key));
    const missing = wanted.filter((key) => !Object.hasOwn(text.value, key));
    if (missing.length > 0) throw new Error(`there is no ${missing.join(", ")}`);
    const lines = entries.map(([key, value]) =>
      text.format === "flags" && value === "true" ? key : `${key}=${value}`,
    );
    return fenced(text.format === "env" ? "properties" : "text", [`# ${text.title}`, ...lines].join("\n"));
  }
  const excerpt =
    wanted.length === 0
      ? text.value
      : wanted.map((path) => excerptAt(text.value, path.split("."), path)).reduce(merged, undefined);
  return fenced(
    "yaml",
    `# ${text.title}\n${stringify(excerpt, { aliasDuplicateObjects: false, lineWidth: 0 }).trim()}`,
  );
}

function fenced(language: string, content: string): string {
  return `\`\`\`${language}\n${content}\n\`\`\``;
}

/** The value at a path, inside the groups and lists that lead to it. */
function excerptAt(value: unknown, path: readonly string[], whole: string): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const inner = excerptAt(child(value, key, whole), rest, whole);
  if (!Array.isArray(value)) return { [key]: inner };
  return [isRecord(inner) && rest.length > 0 && !isIndex(key) ? { name: key, ...inner } : inner];
}

function valueAt(text: GeneratedText, path: string): unknown {
  // Flags have dots in their names.
  if (text.format !== "yaml") return child(text.value, path, path);
  return path.split(".").reduce<unknown>((value, key) => child(value, key, path), text.value);
}

/** The element of that name or at that place, or the value of that key. */
function child(value: unknown, key: string, path: string): unknown {
  const found: unknown = Array.isArray(value)
    ? value.find((element, index) =>
        isIndex(key) ? index === Number(key) : isRecord(element) && element["name"] === key,
      )
    : isRecord(value)
      ? value[key]
      : undefined;
  if (found === undefined) throw new Error(`there is no ${key} on the way to ${path}`);
  return found;
}

/** A value as a cell of a table shows it. */
function shown(value: unknown): string {
  if (Array.isArray(value) && value.length > 0) return value.map(shown).join(", ");
  if (isRecord(value)) throw new Error("must be a single value, got a group; name a key inside it");
  return typeof value === "string" && value !== "" ? value : JSON.stringify(value);
}

function isIndex(key: string): boolean {
  return /^\d+$/.test(key);
}
