import { createRequire } from "node:module";
import { format, resolveConfig } from "prettier";
import { unread, variables, type Variable } from "../src/environment/variables.ts";
import { catalogue } from "../src/instrumentations/catalogue.ts";

const require = createRequire(import.meta.url);

/** What is asked of an instrumentation. */
interface Defining {
  getModuleDefinitions(): readonly { readonly name: string; readonly supportedVersions: readonly string[] }[];
}

/** The README's table of instrumented libraries, without the line breaks around it. */
function instrumentationTable(): string {
  const rows = catalogue.map(({ name, className, modules, byDefault = true }) => {
    const classes = require(`@opentelemetry/instrumentation-${name}`) as Readonly<
      Record<string, new (config: { enabled: false }) => Defining>
    >;
    const Class = classes[className];
    if (Class === undefined) throw new Error(`${name}: exports no ${className}`);
    const definitions = new Class({ enabled: false }).getModuleDefinitions();
    const versions = [...new Set(definitions.flatMap(({ supportedVersions }) => supportedVersions))];
    return [
      `\`${name}\``,
      modules.map((module) => `\`${module}\``).join(", "),
      versions.map((version) => (version === "*" ? "" : `\`${version}\``)).join(", "),
      byDefault ? "yes" : "",
    ];
  });
  return table(["name", "modules", "versions", "by default"], rows);
}

/** The README's table of variables. */
function variableTable(): string {
  const rows = Object.entries<Variable>(variables).map(([name, variable]) => [
    `\`${name}\`${variable.perSignal === true ? " ¹" : ""}`,
    variable.byDefault === "" ? "" : `\`${variable.byDefault}\``,
    variable.kind === "one-of" || variable.kind === "list-of"
      ? variable.values.map((value) => `\`${value}\``).join(", ")
      : kinds[variable.kind],
    variable.meaning,
  ]);
  return table(["variable", "default", "values", "what it says"], rows);
}

/** The README's table of variables that are not read. */
function unreadTable(): string {
  return table(
    ["variable", "not read, since"],
    Object.entries(unread).map(([name, reason]) => [`\`${name}\``, reason]),
  );
}

const kinds = {
  boolean: "`true`, `false`",
  number: "a whole number",
  ratio: "0 to 1",
  address: "an address",
  pairs: "`key=value,…`",
  text: "",
} as const;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}

/** The README with its tables as they have to be. @throws Error if a place for one is missing */
export async function withTables(readme: string): Promise<string> {
  const tables = { instrumentations: instrumentationTable(), variables: variableTable(), unread: unreadTable() };
  let text = readme;
  for (const [name, content] of Object.entries(tables)) {
    const place = new RegExp(`<!-- ${name} -->[^]*<!-- /${name} -->`);
    if (!place.test(text))
      throw new Error(`README.md: must have a place for ${name}; add <!-- ${name} --> and its end`);
    text = text.replace(place, () => `<!-- ${name} -->\n\n${content}\n\n<!-- /${name} -->`);
  }
  return format(text, { parser: "markdown", ...((await resolveConfig(import.meta.filename)) ?? {}) });
}
