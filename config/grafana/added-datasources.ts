import { grafanaMeaning, grafanaReferences, referenceProblems, secretFile, textsIn } from "../expansion.ts";
import { isRecord } from "../parse.ts";
import { duplicates, hiddenProblem, pathText, problem, type Problem } from "../problem.ts";
import type { Datasource } from "./datasources.ts";

/** A data source of the user, in the language of Grafana's provisioning files (datasource-schema.ts). */
export type AddedDatasource = Readonly<Record<string, unknown>>;

/**
 * What is wrong with the user's data sources as far as the stack's own and its secrets are concerned.
 *
 * @param given plain data (plain.ts)
 * @param generated the stack's own data sources
 * @param secretNames the secrets that there are; `undefined` if that is not known
 */
export function datasourceProblems(
  given: unknown,
  generated: readonly Datasource[],
  secretNames: readonly string[] | undefined,
): readonly Problem[] {
  if (!Array.isArray(given)) return [];
  const all = given.map((datasource: unknown) => (isRecord(datasource) ? datasource : {}));
  return [
    ...all.flatMap((datasource, index) => [
      ...secretProblems(datasource, index),
      ...misplacedSecrets(datasource, [index]),
      ...credentialsInUrl(datasource["url"], index),
      ...nameProblems(datasource["name"], index),
      ...textsIn(datasource).flatMap(([path, text]) =>
        referenceProblems(at(index, ...path), grafanaReferences(text), secretNames, reference),
      ),
    ]),
    ...(["uid", "name"] as const).flatMap((field) => taken(all, generated, field)),
    ...targetProblems(all, generated),
  ];
}

function at(index: number, ...path: readonly string[]): string {
  return pathText(["grafana", "datasources", index, ...path]);
}

/** Compared as Grafana stores them, with `$$` as one dollar sign; upper and lower case differ. */
function taken(
  all: readonly AddedDatasource[],
  generated: readonly Datasource[],
  field: "uid" | "name",
): readonly Problem[] {
  const reserved = generated.map((datasource) => [`the stack's ${datasource.name}`, datasource[field]] as const);
  const added = all.flatMap((datasource, index) => {
    const value = datasource[field];
    return typeof value === "string" ? [[at(index, field), grafanaMeaning(value)] as const] : [];
  });
  return duplicates([...reserved, ...added], "choose another one");
}

/** A name that comes from a file would be known only when Grafana has read it, too late to be compared with others. */
function nameProblems(name: unknown, index: number): readonly Problem[] {
  if (typeof name !== "string" || grafanaReferences(name).length === 0) return [];
  return [problem(at(index, "name"), "must be plain text", name, "write the name itself, with $$ for a dollar sign")];
}

/** Grafana does not start with a correlation to a data source that does not exist. */
function targetProblems(all: readonly AddedDatasource[], generated: readonly Datasource[]): readonly Problem[] {
  const uids = [...generated, ...all].map(({ uid }) => uid);
  return all.flatMap(({ correlations }, index) =>
    (Array.isArray(correlations) ? (correlations as readonly unknown[]) : []).flatMap((correlation, position) => {
      const target = isRecord(correlation) ? correlation["targetUID"] : undefined;
      if (typeof target !== "string" || uids.includes(target)) return [];
      const path = at(index, "correlations", String(position), "targetUID");
      return [problem(path, "must be the uid of a data source that there is", target, "add that, or name another one")];
    }),
  );
}

const reference = `write $__file{${secretFile("NAME")}}`;
const secretChange = `set a secret NAME and ${reference}`;

/** What Grafana encrypts must come from a secret as a whole: no part of it may be plain text in the settings. */
function secretProblems(datasource: AddedDatasource, index: number): readonly Problem[] {
  const secure = datasource["secureJsonData"];
  return (isRecord(secure) ? Object.entries(secure) : [])
    .filter(([, value]) => typeof value !== "string" || grafanaReferences(value)[0]?.written !== value)
    .map(([key]) =>
      hiddenProblem(
        at(index, "secureJsonData", key),
        "must be a reference to a secret and nothing else",
        `${secretChange}, with all of the text in the secret`,
      ),
    );
}

/**
 * Names whose value is a secret, by their end: those of Grafana's own data sources (`httpHeaderValue1`, `tlsClientKey`,
 * `clientSecret`, `sigV4AccessKey`, `token`, …), and whatever is named like them.
 */
const secretName =
  /(?:password|passwd|pwd|passphrase|secret|token|credentials?|connectionstring|httpheadervalue|(?:access|account|api|auth|client|encryption|license|master|private|secret|shared|signing|subscription)key)$/;

function isSecretName(name: string): boolean {
  return secretName.test(name.toLowerCase().replaceAll(/[^a-z]/g, ""));
}

/** Secrets outside `secureJsonData`, by their names. A switch or an empty value is none, whatever its name. */
function misplacedSecrets(value: unknown, path: readonly [number, ...string[]]): readonly Problem[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    if (path.length === 1 && key === "secureJsonData") return [];
    const isSwitch = inner === undefined || inner === null || inner === "" || typeof inner === "boolean";
    if (!isSwitch && isSecretName(key)) {
      return [hiddenProblem(at(...path, key), "must be in secureJsonData", `${secretChange} there`)];
    }
    return misplacedSecrets(inner, [...path, key]);
  });
}

/** A login in front of the host, or a parameter that is named like a secret. */
function credentialsInUrl(url: unknown, index: number): readonly Problem[] {
  if (typeof url !== "string") return [];
  const parameters = [...url.matchAll(/[?&]([^=&#]+)=[^&#]/g)].map(([, name = ""]) => name);
  if (!/^(?:[a-z][\w+.-]*:)?(?:\/\/)?[^/?#]*@/i.test(url) && !parameters.some(isSecretName)) return [];
  const change = `use basicAuth, or in secureJsonData what the data source has for it: ${secretChange} there`;
  return [hiddenProblem(at(index, "url"), "must not hold a login or another secret", change)];
}
