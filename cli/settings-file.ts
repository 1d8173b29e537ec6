import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
  visit,
  type Document,
  type ErrorCode,
  type Scalar,
  type YAMLMap,
} from "yaml";
import { isRecord } from "../config/parse.ts";
import { nearMatch } from "../config/problem.ts";
import { codeOf } from "./errors.ts";
import { projectFolder, projectName } from "./project.ts";
import { coded, refused, UserError } from "./user-error.ts";

/** A file of Pulumi's in the project's folder: Pulumi.yaml, or a stack's settings. */
export interface SettingsFile {
  readonly name: string;
  readonly text: string;
}

/** A problem at an offset of a file, in characters. The text never has a value of the file: it may be a secret. */
interface Finding {
  readonly offset: number;
  readonly text: string;
}

/** Name of a stack's settings file. */
export function stackFileName(stackName: string): string {
  return `Pulumi.${stackName}.yaml`;
}

/** A file of the project's folder; `undefined` if it is not there. @throws UserError if it is no text in UTF-8. */
export function readSettingsFile(name: string): SettingsFile | undefined {
  try {
    return { name, text: utf8(name, readFileSync(join(projectFolder, name))) };
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    if (code === "ENOENT") return undefined;
    throw new UserError("OBS1007", `${name}: must be a file that can be read, got ${code}\n  next: correct that`, {
      cause: error,
    });
  }
}

/** Pulumi.yaml. */
export function projectFile(): SettingsFile {
  const file = readSettingsFile("Pulumi.yaml");
  if (file === undefined) throw new UserError("OBS1007", "Pulumi.yaml: must be there, found none\n  next: put it back");
  return file;
}

function utf8(name: string, bytes: Buffer): string {
  const text = bytes.toString("utf8");
  const again = Buffer.from(text);
  if (again.equals(bytes)) return text.replace(/^\uFEFF/, "");
  const offset = bytes.findIndex((byte, index) => byte !== again[index]);
  const before = bytes.subarray(0, offset).toString("utf8");
  const sentence = "must be text in UTF-8, got a byte of another encoding; save it as UTF-8";
  throw refusal({ name, text: before }, [{ offset: before.length, text: sentence }]);
}

/** A sentence for each code of the YAML parser, whose own messages quote the file, secrets included. */
const sentences: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: "must not give an alias a tag or an anchor; remove that",
  BAD_ALIAS: "must name an anchor or an alias with letters and digits; correct the name, or put the text in quotes",
  BAD_COLLECTION_TYPE: "must not have a tag that says something else than is there; remove the tag",
  BAD_DIRECTIVE: "must not begin with a %, which YAML keeps for itself; put the text in quotes",
  BAD_DQ_ESCAPE:
    "must have an escape that YAML knows in double quotes; write \\\\ for a backslash, or use single quotes",
  BAD_INDENT: "must be indented like its neighbours, and end a bracket or brace that is begun; correct that",
  BAD_PROP_ORDER: "must have tags and anchors before the value; move them",
  BAD_SCALAR_START: "must not begin with a character that YAML keeps for itself; put the text in quotes",
  BLOCK_AS_IMPLICIT_KEY: "must be one key and its value in a line; begin another line, or put the text in quotes",
  BLOCK_IN_FLOW: "must not have a block inside of braces or brackets; write one or the other",
  DUPLICATE_KEY: "must have each key once; remove one of the two",
  IMPOSSIBLE: "must be YAML; correct this line",
  KEY_OVER_1024_CHARS: "must have keys of 1024 characters at most; shorten it",
  MISSING_CHAR: "must end what is begun: a quote, a brace, a bracket, a comma or a colon is missing; add it",
  MULTILINE_IMPLICIT_KEY: "must have each key in one line; correct the indentation, or put the text in quotes",
  MULTIPLE_ANCHORS: "must have one anchor at most for a value; remove the others",
  MULTIPLE_DOCS:
    "must be one document, since Pulumi reads the first alone; remove the line --- and what does not belong",
  MULTIPLE_TAGS: "must have one tag at most for a value; remove the others",
  NON_STRING_KEY: "must have texts as keys; put the key in quotes",
  RESOURCE_EXHAUSTION: "must not be nested as deeply; flatten it",
  TAB_AS_INDENT: "must be indented with blanks, got a tab; replace it",
  TAG_RESOLVE_FAILED: "must have a value that fits its tag, and a tag of YAML's core schema; remove the tag",
  UNEXPECTED_TOKEN: "must be YAML, got something that cannot stand here; correct the line, or put the text in quotes",
};

/** What Pulumi writes beside `config` into a stack's file (pulumi: sdk/go/common/workspace, ProjectStack). */
const stackFileKeys = ["config", "environment", "encryptionsalt", "encryptedkey", "secretsprovider"];

/** The configuration in Pulumi.yaml. @throws UserError with the place of what Pulumi would not read as it is meant. */
export function projectConfig(file: SettingsFile): Readonly<Record<string, unknown>> {
  return configIn(file, () => []);
}

/** The configuration in a stack's file. @throws UserError with each place that Pulumi refuses, ignores or misreads. */
export function stackFileConfig(file: SettingsFile): Readonly<Record<string, unknown>> {
  return configIn(file, stackFindings);
}

/**
 * What a stack's file takes from Pulumi ESC, for a person to read: the names of its environments, or that it has one of its
 * own; `undefined` if nothing. Only Pulumi's engine knows their values, and only with Pulumi Cloud as its backend.
 */
export function environmentsOf(file: SettingsFile): string | undefined {
  const { environment } = contentOf(parseDocument(file.text, { prettyErrors: false, merge: true }));
  if (environment === undefined || environment === null) return undefined;
  const names = Array.isArray(environment) ? environment : isRecord(environment) ? environment["imports"] : undefined;
  const texts: readonly string[] = Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  return texts.length === 0 ? "an environment in the file itself" : texts.join(", ");
}

function contentOf(document: Document.Parsed): Readonly<Record<string, unknown>> {
  const content: unknown = document.toJS();
  return isRecord(content) ? content : {};
}

function configIn(
  file: SettingsFile,
  findMore: (document: Document.Parsed) => readonly Finding[],
): Readonly<Record<string, unknown>> {
  const refuse = (offset: number, text: string): UserError => refusal(file, [{ offset, text }]);
  const control = file.text.search(controls);
  if (control >= 0) throw refuse(control, "must not have control characters or line separators; remove it");
  try {
    // Pulumi's parser knows merge keys (`<<`).
    const document = parseDocument(file.text, { prettyErrors: false, merge: true });
    const wrong = [...document.errors, ...document.warnings];
    // What is begun and not ended makes the rest look wrong as well.
    const first = wrong.find(({ code }) => code === "MISSING_CHAR") ?? wrong[0];
    if (first !== undefined) throw refuse(first.pos[0], sentences[first.code]);
    const findings = [...shapeFindings(document), ...valueFindings(document), ...findMore(document)];
    if (findings.length > 0) throw refusal(file, findings);
    const { config } = contentOf(document);
    return isRecord(config) ? config : {};
  } catch (error) {
    // The parser calls itself for each level.
    if (error instanceof RangeError) throw refuse(0, sentences.RESOURCE_EXHAUSTION);
    // Of aliases of aliases, which grow without end.
    if (error instanceof ReferenceError)
      throw refuse(0, "must not repeat the same by aliases so often; write the values");
    throw error;
  }
}

/** Characters that YAML allows nowhere (yaml.org/spec/1.2.2, c-printable). */
const controls = /[^\P{Cc}\t\n\r]|[\u2028\u2029\ufeff\ufffe\uffff]/u;

/** A finding at a node of the document. */
function at(node: unknown, text: string): Finding {
  return { offset: (isNode(node) ? node.range?.[0] : undefined) ?? 0, text };
}

function shapeFindings({ contents }: Document.Parsed): readonly Finding[] {
  if (isNothing(contents)) return [];
  if (!isMap(contents)) {
    return [
      at(contents, "must have keys at the top, such as config, got something else; put the settings under config:"),
    ];
  }
  const config = contents.get("config", true);
  if (isNothing(config) || isMap(config) || isAlias(config)) return [];
  return [at(config, "config: must have a setting in each line, got something else; write observability:NAME: VALUE")];
}

function isNothing(node: unknown): boolean {
  return node === undefined || node === null || (isScalar(node) && node.value === null);
}

/** Texts that Pulumi's parser takes for numbers or times and this one does not, or the other way round. */
const otherwise =
  /^[-+]?0[0-9_]+$|^[-+]?0[bB][01_]+$|^[-+]?0[xo][0-9a-f_]*_[0-9a-f_]*$|^[-+]?[0-9][0-9_]*_[0-9_.]*([eE][-+]?[0-9]+)?$|^[-+]?\.(inf|nan)$|^\d{4}-\d\d?-\d\d?([Tt ].*)?$/i;

/** Tags of JSON's kinds of values: what a setting can hold. */
const jsonTags = ["str", "int", "float", "bool", "null", "map", "seq"].map((name) => `tag:yaml.org,2002:${name}`);

const unusualNumber =
  "must be a decimal number in its shortest form, or a text in quotes, since Pulumi would make another value of this one; write it so";

function valueFindings(document: Document.Parsed): readonly Finding[] {
  const findings: Finding[] = [];
  visit(document, (_, node, path) => {
    const sentence = wrongValue(document, node, path);
    if (sentence !== undefined) findings.push(at(isPair(node) ? node.key : node, sentence));
  });
  return findings;
}

/** The problem of a node, if it has one. @param path the nodes that it is in */
function wrongValue(document: Document.Parsed, node: unknown, path: readonly unknown[]): string | undefined {
  if (isPair(node)) {
    if (!isScalar(node.key) || node.key.value === null) return "must have a text as a key; put the key in quotes";
    return !isMerge(node.key) || isMergeable(document, node.value)
      ? undefined
      : "must have a group behind <<, or a list of groups; write the values instead";
  }
  if (isAlias(node)) {
    const target = node.resolve(document);
    if (target === undefined) {
      return "must be an alias of an anchor before it, got one of nothing; correct the name, or put the text in quotes";
    }
    return path.includes(target) ? "must not be an alias of what it is in; write the value" : undefined;
  }
  if (isNode(node) && node.tag !== undefined && !jsonTags.includes(node.tag)) return sentences.TAG_RESOLVE_FAILED;
  if (!isScalar(node) || !isReadOtherwise(node)) return undefined;
  return unusualNumber;
}

/** Whether a key says that a group has what is in another one. */
function isMerge({ type, source }: Scalar): boolean {
  return type === "PLAIN" && source === "<<";
}

function isMergeable(document: Document.Parsed, value: unknown): boolean {
  const isGroup = (node: unknown): boolean => isMap(isAlias(node) ? node.resolve(document) : node);
  return isGroup(value) || (isSeq(value) && value.items.every(isGroup));
}

function isReadOtherwise({ type, source, value }: Scalar): boolean {
  if (type !== "PLAIN") return false;
  const isOutOfRange =
    typeof value === "number" && (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)));
  return isOutOfRange || otherwise.test(source ?? "");
}

function stackFindings({ contents }: Document.Parsed): readonly Finding[] {
  if (!isMap(contents)) return [];
  const config = contents.get("config", true);
  const settings = isMap(config) ? config : undefined;
  return [
    ...scalarKeys(contents).flatMap(topFinding),
    ...(settings?.items ?? []).flatMap(({ key, value }) => [
      ...(isScalar(key) ? settingFinding(key) : []),
      ...textFinding(value),
    ]),
    ...twiceFindings(scalarKeys(settings)),
  ];
}

function scalarKeys(map: YAMLMap | undefined): readonly Scalar[] {
  return (map?.items ?? []).flatMap(({ key }) => (isScalar(key) ? key : []));
}

/** The problem of a key beside `config`, if it has one. */
function topFinding(key: Scalar): readonly Finding[] {
  const { value: name } = key;
  if (typeof name !== "string" || stackFileKeys.includes(name)) return [];
  const near = nearMatch(name, stackFileKeys);
  const change = near === undefined ? `put it under config:, as ${shownKey(fullName(name))}` : `did you mean ${near}?`;
  return [at(key, `${shownKey(name)}: must be under config:, since Pulumi ignores it here; ${change}`)];
}

/** The problem of a key below `config`, if it has one. */
function settingFinding(key: Scalar): readonly Finding[] {
  if (key.value === null || isMerge(key)) return [];
  const rule = `must be a setting of the form ${projectName}:NAME`;
  if (typeof key.value !== "string") return [at(key, `${rule}, got something else; correct it`)];
  const isSetting = /^[^:\s]+(:(config:)?[^:\s]+)?$/.test(key.value);
  return isSetting ? [] : [at(key, `${shownKey(key.value)}: ${rule}; correct it`)];
}

/** Pulumi makes a text of a number, and of `1.10` that is `1.1`. Within a group a number stays one. */
function textFinding(value: unknown): readonly Finding[] {
  if (!isScalar(value) || value.type !== "PLAIN" || typeof value.value !== "number") return [];
  const isSame = String(value.value) === value.source || /^0[xo]/.test(value.source ?? "");
  return isSame || isReadOtherwise(value) ? [] : [at(value, unusualNumber)];
}

/** A setting may be written with the project's name and without, and to Pulumi the two are one. */
function twiceFindings(keys: readonly Scalar[]): readonly Finding[] {
  const names = keys.map(({ value }) => (typeof value === "string" ? fullName(value) : undefined));
  return keys.flatMap((key, index) => {
    const name = names[index];
    if (name === undefined || names.indexOf(name) === index) return [];
    return [at(key, `${shownKey(name)}: must be set once; remove one of the two`)];
  });
}

/** The name of a setting with its project's in front, which is left out or written with `config:` in between as well. */
export function fullName(key: string): string {
  return key.includes(":") ? key.replace(":config:", ":") : `${projectName}:${key}`;
}

/** A key as a message shows it: what does not look like one may be anything. */
function shownKey(key: string): string {
  return /^[\w:.-]{1,60}$/.test(key) ? key : "this key";
}

function refusal({ name, text }: SettingsFile, findings: readonly Finding[]): UserError {
  const lines = findings.map(({ offset, text: sentence }) => {
    const before = text.slice(0, offset).split("\n");
    return `${name}:${before.length}:${(before.at(-1) ?? "").length + 1}: ${sentence}`;
  });
  return refused(coded("OBS1007", lines), `correct ${name}`);
}
