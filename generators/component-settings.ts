import { format, resolveConfig } from "prettier";
import { z } from "zod";
import { serviceArgsSchema } from "../config/service-args.ts";
import { stackSettingsSchema } from "../config/settings-and-defaults.ts";

/*
 * The settings and the arguments of a service as interfaces that Pulumi's schema inference takes
 * (github.com/pulumi/pulumi, sdk/nodejs/provider/experimental/analyzer.ts): named interfaces, lists and maps, no unions.
 * From the schemas, so that a component for other languages has every setting that there is.
 */

/** Path in the repository of what {@link componentSettings} writes. */
export const componentSettingsPath = "packages/component/settings.ts";

/** What of a service may be known during the deployment only (components/later-values.ts), by the path of its text. */
const laterTexts = ["image", "command[]", "env{}", "configFiles{}"];

/** A place in a JSON schema, as far as it is read. */
interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
}

/** What is gathered on the way. */
interface Written {
  /** Source of each interface, in the order in which they are needed. */
  readonly interfaces: string[];
  /** Paths of what may be anything, which other languages hand over as JSON. */
  readonly json: string[];
}

/** The source of the interfaces. @param file path of the file, by which it is formatted */
export async function componentSettings(file: string): Promise<string> {
  const settings: Written = { interfaces: [], json: [] };
  const service: Written = { interfaces: [], json: [] };
  interfaceOf("Settings", nodeOf(stackSettingsSchema), "", settings, []);
  interfaceOf("Service", nodeOf(serviceArgsSchema), "", service, laterTexts);
  if (service.json.length > 0) throw new Error(`${service.json.join(", ")}: must be known, got what may be anything`);
  const text = [
    "// Written by `npm run docs` from the schemas of the settings.",
    'import type * as pulumi from "@pulumi/pulumi";',
    ...settings.interfaces,
    ...service.interfaces,
    "/** Settings that may be anything, and so are JSON here: paths, with [] for each entry of a list. */",
    `export const jsonSettings: readonly string[] = ${JSON.stringify(settings.json)};`,
  ].join("\n\n");
  return format(text, { ...(await resolveConfig(file)), filepath: file });
}

function nodeOf(schema: z.ZodType): Node {
  return z.toJSONSchema(schema, { io: "input" }) as Node;
}

function interfaceOf(
  name: string,
  { properties = {}, required = [], description }: Node,
  path: string,
  written: Written,
  later: readonly string[],
): string {
  const fields = Object.entries(properties).map(([field, node]) => {
    const inner = `${path}${path === "" ? "" : "."}${field}`;
    const type = typeOf(`${name}${field.charAt(0).toUpperCase()}${field.slice(1)}`, node, inner, written, later);
    const says = node.properties === undefined ? docstring(node) : "";
    return `${says}  readonly ${field}${required.includes(field) ? "" : "?"}: ${type};`;
  });
  written.interfaces.push(`${docstring({ description })}export interface ${name} {\n${fields.join("\n")}\n}`);
  return name;
}

function docstring({ description }: Pick<Node, "description">): string {
  return description === undefined ? "" : `/** ${description.replaceAll("*/", "* /")} */\n`;
}

function typeOf(name: string, node: Node, path: string, written: Written, later: readonly string[]): string {
  // Of several forms the first, which is the one that every language has a type for.
  const { type, properties, additionalProperties, items } = node.anyOf?.[0] ?? node;
  const isAnything = isEmpty(additionalProperties) || (type === undefined && node.anyOf === undefined);
  if (isAnything) {
    written.json.push(path);
    return "string";
  }
  if (properties !== undefined) return interfaceOf(name, node, path, written, later);
  if (typeof additionalProperties === "object") {
    return `Record<string, ${typeOf(name, additionalProperties, `${path}{}`, written, later)}>`;
  }
  if (items !== undefined) return `${typeOf(name, items, `${path}[]`, written, later)}[]`;
  const plain = type === "integer" || type === "number" ? "number" : type === "boolean" ? "boolean" : "string";
  return later.includes(path) || path === "replicas" ? `pulumi.Input<${plain}>` : plain;
}

function isEmpty(node: Node | boolean | undefined): boolean {
  return typeof node === "object" && Object.keys(node).length === 0;
}
