import { secretsFolder } from "./names.ts";
import { problem, problemIf, type Problem } from "./problem.ts";
import type { TextFile } from "./text-file.ts";

/*
 * Text that another program reads later, and in which it replaces references to variables or files. For each program and
 * each place that it reads docs/own-code.md has the syntax, and whether a user's text there is meant as that syntax,
 * escaped or refused; a test sees to it that no file, argument or variable of a workload is left out.
 */

/** Places where nothing of a user's free text ends up: all of it is generated, from names and numbers. */
export const noUserText = "generated";

/**
 * Every place that a program takes a user's text from, with the words for that text that its row in docs/own-code.md
 * begins with. Which part and which services have it is said by the parts (`reads`) and by config/parts/parts.ts.
 */
export const sinks = {
  collectorConfig: "`otelCollector.config`",
  collectorSecret: "a secret in `otelCollector.config`",
  grafanaDatasources: "`grafana.datasources`",
  grafanaSecret: "a secret in `grafana.datasources`",
  grafanaSettings: "`grafana.adminUser`, `alerts.smtp`",
  grafanaAlerting: "`alerts` and `objectives`",
  alertSecret: "a secret in `alerts`",
  dashboards: "dashboards",
  kubernetesText: "`command` and `env` of a service, on Kubernetes",
  dockerText: "`command` and `env` of a service, on Docker",
  resourceAttributes: "`version` of a service, `environment`, `serviceNamespace`",
} as const;

/** The name of a place with a user's text, or {@link noUserText}. */
export type SinkName = keyof typeof sinks | typeof noUserText;

/** Path of a secret in a container. Its content never is in a configuration, which is plain text in Pulumi's state. */
export function secretFile(name: string): string {
  return `${secretsFolder}/${name}`;
}

/**
 * The secrets of these names as files of a container; the validation has seen to it that there are all of them.
 *
 * @param written how its program has to be given a text so that it reads that text
 */
export function secretFiles(
  names: readonly string[],
  secrets: Readonly<Record<string, string>>,
  written: (text: string) => string,
): readonly TextFile[] {
  return Object.entries(secrets)
    .filter(([name]) => names.includes(name))
    .map(([name, text]) => ({ path: secretFile(name), content: written(text) }));
}

/** Something in a text that is replaced when it is read. */
export interface Reference {
  /** As it stands in the text. */
  readonly written: string;
  /** Name of the secret; `undefined` if it is none. */
  readonly secret: string | undefined;
}

/** What the Collector replaces in a text: `${file:/run/secrets/NAME}`. `$$` is a dollar sign. */
export function collectorReferences(text: string): readonly Reference[] {
  return references(text, /\$\$|\$\{(?:file:([^}]*)|[^}]*)\}/g);
}

/**
 * Whether a text has `$${` before a `${`: the Collector leaves such a text as it is from there on
 * (go.opentelemetry.io/collector/confmap, `findURI` in expand.go).
 */
export function mixesEscapes(text: string): boolean {
  return /(?<!\$)(?:\$\$)+\{[^}]*\}.*\$\{/s.test(text);
}

/** A secret as a file for the Collector, which reads what it takes from a file once more. */
export function collectorSecretText(secret: string): string {
  return secret.replaceAll("$", "$$$$");
}

/** The files that Grafana puts into a text: `$__file{/run/secrets/NAME}`. `$$` is a dollar sign. */
export function grafanaReferences(text: string): readonly Reference[] {
  return references(text, /\$\$|\$__file\{([^}]*)\}/g);
}

/** A user's text for a provisioning file of Grafana: a dollar sign is doubled unless it is already, or begins a reference. */
export function grafanaText(text: string): string {
  const escaped = (written: string): string => (written === "$" ? "$$" : written);
  const [ended, rest] = atLastBrace(text);
  return ended.replaceAll(/\$\$|\$__file\{[^}]*\}|\$/g, escaped) + rest.replaceAll(/\$\$|\$/g, escaped);
}

/** A user's text as Grafana has it after reading: `$$` is one dollar sign. References stay. */
export function grafanaMeaning(text: string): string {
  return text.replaceAll("$$", "$");
}

/** The variable through which {@link grafanaSecretText} gets a dollar sign past Grafana. */
export const grafanaDollar = { DOLLAR_SIGN: "$" } as const;

/**
 * A secret as a file for Grafana, which puts variables into what it has taken from a file, without a way to escape
 * a dollar sign there (grafana#130055): it has to come out of a variable itself.
 */
export function grafanaSecretText(secret: string): string {
  return secret.replaceAll("$", "${DOLLAR_SIGN}");
}

/**
 * What Grafana replaces in its settings (github.com/grafana/grafana, pkg/setting/expanders.go), and what the library does
 * with which it reads them, `%(name)s` of another setting (gopkg.in/ini.v1).
 */
export const grafanaSettingReference = /\$(?:__\w+)?\{|%\(/;

/** A text in two behind its last brace: a reference that begins later has no end, and its expression would look for one to the end of the text each time. */
function atLastBrace(text: string): readonly [ended: string, rest: string] {
  const end = text.lastIndexOf("}") + 1;
  return [text.slice(0, end), text.slice(end)];
}

function references(text: string, pattern: RegExp): readonly Reference[] {
  const [ended] = atLastBrace(text);
  return [...ended.matchAll(pattern)]
    .filter(([written]) => written !== "$$")
    .map(([written, file = ""]) => {
      const isSecret = file.startsWith(`${secretsFolder}/`);
      return { written, secret: isSecret ? file.slice(secretsFolder.length + 1) : undefined };
    });
}

/**
 * What is wrong with the references of a text: each has to be one to a secret that there is.
 *
 * @param secretNames the secrets that there are; `undefined` if that is not known
 * @param change how a secret is referred to
 */
export function referenceProblems(
  path: string,
  found: readonly Reference[],
  secretNames: readonly string[] | undefined,
  change: string,
): readonly Problem[] {
  return found.flatMap(({ written, secret }) => {
    if (secret === undefined) return [problem(path, "must refer to secrets only", written, change)];
    const isMissing = secretNames?.includes(secret) === false;
    return problemIf(isMissing, path, "must refer to a secret that there is", written, `set secrets.${secret}`);
  });
}

/** Names of the secrets that the texts in a value refer to, sorted. @param referencesOf what the reader replaces in a text */
export function secretsIn(value: unknown, referencesOf: (text: string) => readonly Reference[]): readonly string[] {
  const found = textsIn(value).flatMap(([, text]) => referencesOf(text));
  return [...new Set(found.flatMap(({ secret }) => secret ?? []))].sort();
}

/** Every text in a value, with its path. */
export function textsIn(
  value: unknown,
  path: readonly string[] = [],
): readonly (readonly [readonly string[], string])[] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsIn(inner, [...path, key]));
}
