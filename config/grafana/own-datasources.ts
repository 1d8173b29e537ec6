import { isRecord, pathText } from "../parse.ts";
import { duplicates, hiddenProblem, problem, type Problem } from "../problem.ts";
import { grafanaReferences, secretFile, textsIn } from "../secret-references.ts";
import { generatedDatasources } from "./datasources.ts";

/** A data source of the user, in the language of Grafana's provisioning files. */
export type OwnDatasource = Readonly<Record<string, unknown>>;

/** Fields that would hold a secret as plain text. Grafana itself takes them from `secureJsonData` by now. */
const plainSecrets = ["password", "basicAuthPassword"];

/**
 * What is wrong with the user's data sources as far as the stack's own and its secrets are concerned.
 *
 * @param secretNames the secrets that there are; `undefined` if that is not known
 */
export function datasourceProblems(given: unknown, secretNames: readonly string[] | undefined): readonly Problem[] {
  if (!Array.isArray(given)) return [];
  const all = given.map((datasource: unknown) => (isRecord(datasource) ? datasource : {}));
  return [
    ...all.flatMap((datasource, index) => [
      ...(datasource["isDefault"] === true
        ? [problem(at(index, "isDefault"), "must leave the default to the stack", true, "leave it out")]
        : []),
      ...plainSecretProblems(datasource, index),
      ...textsIn(datasource).flatMap(([path, text]) => referenceProblems(at(index, ...path), text, secretNames)),
    ]),
    ...(["uid", "name"] as const).flatMap((field) => taken(all, field)),
  ];
}

function at(index: number, ...path: readonly string[]): string {
  return pathText(["grafana", "datasources", index, ...path]);
}

function taken(all: readonly OwnDatasource[], field: "uid" | "name"): readonly Problem[] {
  const ours = generatedDatasources.map((datasource) => [`the stack's ${datasource.name}`, datasource[field]] as const);
  const own = all.flatMap((datasource, index) => {
    const value = datasource[field];
    return typeof value === "string" ? [[at(index, field), value] as const] : [];
  });
  return duplicates([...ours, ...own], "choose another one");
}

function plainSecretProblems(datasource: OwnDatasource, index: number): readonly Problem[] {
  const change = `set a secret NAME and write $__file{${secretFile("NAME")}}`;
  const secure = datasource["secureJsonData"];
  const values = isRecord(secure) ? Object.entries(secure) : [];
  const plain = values
    .filter(([, value]) => typeof value !== "string" || grafanaReferences(value).length === 0)
    .map(([key]) => hiddenProblem(at(index, "secureJsonData", key), "must refer to a secret", change));
  const misplaced = plainSecrets
    .filter((field) => Object.hasOwn(datasource, field))
    .map((field) => hiddenProblem(at(index, field), "must be in secureJsonData", `${change} there`));
  return [...plain, ...misplaced, ...credentialsInUrl(datasource["url"], index, change)];
}

function credentialsInUrl(url: unknown, index: number, change: string): readonly Problem[] {
  if (typeof url !== "string" || !URL.canParse(url) || new URL(url).password === "") return [];
  const rule = "must not hold a password";
  return [hiddenProblem(at(index, "url"), rule, `use basicAuth, and in secureJsonData.basicAuthPassword ${change}`)];
}

function referenceProblems(path: string, text: string, secretNames: readonly string[] | undefined): readonly Problem[] {
  return grafanaReferences(text).flatMap(({ written, secret }) => {
    if (secret === undefined) {
      return [problem(path, "must refer to secrets only", written, `write $__file{${secretFile("NAME")}}`)];
    }
    if (secretNames === undefined || secretNames.includes(secret)) return [];
    return [problem(path, "must refer to a secret that there is", written, `set secrets.${secret}`)];
  });
}

/** Names of the secrets that data sources refer to, sorted. */
export function datasourceSecrets(datasources: readonly OwnDatasource[]): readonly string[] {
  const found = textsIn(datasources).flatMap(([, text]) => grafanaReferences(text));
  return [...new Set(found.flatMap(({ secret }) => secret ?? []))].sort();
}
