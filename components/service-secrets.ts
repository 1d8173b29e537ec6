import * as pulumi from "@pulumi/pulumi";
import { kibOf } from "../config/fields.ts";
import { secretsFolder } from "../config/names.ts";
import { isRecord } from "../config/parse.ts";
import { fieldApart, fieldOf, namesIn } from "../config/plain.ts";
import { hiddenProblem, pathText, type Problem } from "../config/problem.ts";
import { filePath, secretsTogether, secretText, variableName, type FurtherRule } from "../config/rules.ts";
import { isLater } from "./platform/later.ts";
import { refusal } from "./platform/workload-rules.ts";
import type { SecretFile } from "./platform/workload.ts";

/** Secrets of a service: text, or what another resource gives during the deployment, such as the password of a database. */
export interface ServiceSecrets {
  /**
   * Secrets by the name of a variable. `DATABASE_URL` becomes the file `/run/secrets/DATABASE_URL`, and the variable
   * `DATABASE_URL_FILE` has its path: an environment can be read by whoever may look at the container or the pod.
   * @default none
   */
  readonly secretEnv?: Readonly<Record<string, pulumi.Input<string>>>;
  /**
   * Secrets by the absolute path of their file: root-owned, read-only, and readable by everybody in the container.
   * @default none
   */
  readonly secretFiles?: Readonly<Record<string, pulumi.Input<string>>>;
}

/** A service's secrets as files, the variables that say where they are, and what is wrong with them. */
export interface JudgedSecrets {
  readonly files: readonly SecretFile[];
  readonly env: Readonly<Record<string, string>>;
  readonly problems: readonly Problem[];
}

/** Where a service's secrets are in its arguments, and what they are called there. */
const kinds = {
  secretEnv: {
    name: { ...variableName, holds: (name: string) => variableName.pattern.test(name) },
    path: (name: string) => `${secretsFolder}/${name}`,
  },
  secretFiles: { name: filePath, path: (name: string) => name },
} as const satisfies Record<keyof ServiceSecrets, { name: FurtherRule; path: (name: string) => string }>;

const kindNames = Object.keys(kinds) as (keyof typeof kinds)[];

/** Takes the secrets out of a service's arguments: unlike the others they may be known during the deployment only. */
export function secretsApart(given: unknown): {
  readonly secrets: Readonly<Record<keyof ServiceSecrets, unknown>>;
  readonly others: unknown;
} {
  const env = fieldApart(given, "secretEnv");
  const files = fieldApart(env.others, "secretFiles");
  return { secrets: { secretEnv: env.field, secretFiles: files.field }, others: files.others };
}

/**
 * Judges what is known of a service's secrets; what is an output is judged when it is known, with the same message.
 *
 * @param service name of the service, for that message
 */
export function judgedSecrets(
  service: string,
  secrets: Readonly<Record<keyof ServiceSecrets, unknown>>,
  otherEnv: Readonly<Record<string, unknown>>,
): JudgedSecrets {
  const judged = kindNames.flatMap((kind) =>
    entriesOf(kind, secrets[kind]).map((entry) => judge(service, kind, entry)),
  );
  const known = judged.flatMap(({ text }) => text ?? []);
  const isTooMuch = kibOf(known) > secretsTogether.mostKib;
  const variables = judged.flatMap(({ variable }) => variable ?? []);
  return {
    files: judged.flatMap(({ file }) => file ?? []),
    env: Object.fromEntries(variables.map((name) => [`${name}_FILE`, kinds.secretEnv.path(name)])),
    problems: [
      ...judged.flatMap(({ problems }) => problems),
      ...kindNames.flatMap((kind) => notByName(kind, secrets[kind])),
      ...(isTooMuch ? [hiddenProblem("secretFiles", secretsTogether.rule, "leave some out")] : []),
      ...variables.flatMap((name) =>
        [name, `${name}_FILE`]
          .filter((other) => other in otherEnv)
          .map((other) =>
            hiddenProblem(`secretEnv.${name}`, `must not be in env too, as ${other}`, "remove one of the two"),
          ),
      ),
    ],
  };
}

function notByName(kind: keyof ServiceSecrets, given: unknown): readonly Problem[] {
  if (given === undefined || (isRecord(given) && !isLater(given) && namesIn(given) !== undefined)) return [];
  return [hiddenProblem(kind, "must be secrets by name", "write `NAME: secret` in it, or leave it out")];
}

function entriesOf(kind: keyof ServiceSecrets, given: unknown): readonly (readonly [string, unknown])[] {
  if (!isRecord(given) || notByName(kind, given).length > 0) return [];
  return (namesIn(given) ?? []).map((name) => [name, fieldOf(given, name)] as const);
}

interface JudgedSecret {
  readonly problems: readonly Problem[];
  readonly file?: SecretFile;
  /** Name of its variable, if it has one. */
  readonly variable?: string;
  /** What is known of it already. */
  readonly text?: string;
}

function judge(service: string, kind: keyof ServiceSecrets, [name, value]: readonly [string, unknown]): JudgedSecret {
  const path = `${kind}.${pathText([name])}`;
  const { name: rule, path: pathOf } = kinds[kind];
  const misnamed = rule.holds(name) ? [] : [hiddenProblem(path, rule.rule, rule.change)];
  const variable = kind === "secretEnv" ? { variable: name } : {};
  if (typeof value === "string") {
    const problems = [...misnamed, ...textProblems(path, value)];
    return problems.length > 0
      ? { problems }
      : { problems, file: { path: pathOf(name), content: pulumi.secret(value) }, ...variable, text: value };
  }
  if (!isLater(value)) {
    return { problems: [...misnamed, noText(path)] };
  }
  if (misnamed.length > 0) return { problems: misnamed };
  // Of what an Output holds, which may be anything at run time, the compiler knows nothing.
  const content = pulumi.secret(value as pulumi.Output<string>).apply((text: unknown) => {
    const problems = typeof text === "string" ? textProblems(path, text) : [noText(path)];
    if (problems.length > 0) throw refusal("OBS1002", service, problems);
    return String(text);
  });
  return { problems: [], file: { path: pathOf(name), content }, ...variable };
}

function noText(path: string): Problem {
  return hiddenProblem(path, "must be text, or an Output of text", "set one of the two");
}

function textProblems(path: string, text: string): readonly Problem[] {
  return secretText
    .filter(({ holds }) => !holds(text))
    .slice(0, 1)
    .map(({ rule, change }) => hiddenProblem(path, rule, change));
}
