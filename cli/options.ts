import { parseArgs, type ParseArgsConfig } from "node:util";
import { shown, visible } from "../config/problem.ts";
import { pulumiName } from "../config/rules.ts";
import type { StackSettings } from "../config/settings-and-defaults.ts";
import { print } from "./text.ts";
import { UserError } from "./user-error.ts";

/** Where a stack runs. */
export type TargetName = StackSettings["target"];

/** The Pulumi stack that the commands work on unless `--stack` names another, for each target. */
const defaultStacks: Readonly<Record<TargetName, string>> = { docker: "dev", kubernetes: "kubernetes" };

/** The stack that commands without an option work on. */
export const defaultStack = defaultStacks.docker;

/** The options that a command was called with. */
export interface CommandOptions<Flag extends string, Value extends string> {
  readonly stack: string;
  /** `undefined` if it is left to the stack. */
  readonly target: TargetName | undefined;
  readonly flags: ReadonlySet<Flag>;
  /** The values of those options that were given. */
  readonly values: Readonly<Partial<Record<Value, string>>>;
}

/**
 * Reads the options of this process's command: `--stack`, `--target`, and those that the command names.
 *
 * @param flags options without a value
 * @param valued options with one
 * @throws UserError with the usage.
 */
export function commandOptions<Flag extends string, Value extends string = never>(
  usage: string,
  flags: readonly Flag[],
  valued: readonly Value[] = [],
): CommandOptions<Flag, Value> {
  const options: NonNullable<ParseArgsConfig["options"]> = { help: { type: "boolean" } };
  for (const flag of flags) options[flag] = { type: "boolean" };
  for (const name of ["stack", "target", ...valued]) options[name] = { type: "string" };
  const values = parse(options, usage);
  if (values["help"] === true) {
    print(usage);
    process.exit(0);
  }
  const stack = stackName(values["stack"], usage);
  const target = targetName(values["target"], usage);
  return {
    stack: stack ?? defaultStacks[target ?? "docker"],
    target,
    flags: new Set(flags.filter((flag) => values[flag] === true)),
    values: Object.fromEntries(valued.flatMap((name) => (name in values ? [[name, values[name]]] : []))) as Partial<
      Record<Value, string>
    >,
  };
}

function stackName(given: unknown, usage: string): string | undefined {
  if (given === undefined || (typeof given === "string" && pulumiName.pattern.test(given))) return given;
  throw new UserError(
    `--stack: must be the name of a Pulumi stack alone, 1 to 100 letters, digits, hyphens, underscores and dots, got ${shown(given)}\n  usage: ${usage}`,
  );
}

function targetName(given: unknown, usage: string): TargetName | undefined {
  if (given === undefined || given === "docker" || given === "kubernetes") return given;
  throw new UserError(`--target: must be docker or kubernetes, got ${shown(given)}\n  usage: ${usage}`);
}

function parse(options: NonNullable<ParseArgsConfig["options"]>, usage: string): Readonly<Record<string, unknown>> {
  try {
    const { values, tokens } = parseArgs({ options, strict: true, allowPositionals: false, tokens: true });
    const names = tokens.flatMap((token) => (token.kind === "option" ? [token.name] : []));
    const repeated = names.find((name, index) => names.indexOf(name) !== index);
    if (repeated === undefined) return values;
    throw new UserError(`--${repeated}: must be given once, got it more often\n  usage: ${usage}`);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const lines = (error instanceof Error ? error.message : String(error)).split("\n");
    // What the user has typed is in it as it is.
    throw new UserError([...lines.map((line) => visible(line, 500)), `  usage: ${usage}`].join("\n"));
  }
}

/**
 * Adds a stack's name to the commands in a text: `npm run up` becomes `npm run up -- --stack shop`. The stack that
 * commands without an option work on is left out.
 */
export function forStack(text: string, stackName: string): string {
  if (stackName === defaultStacks.docker) return text;
  const commands = /npm run (up|down|verify|open|password|preview)\b( -- [^\n;,]*)?/g;
  return text.replaceAll(commands, (found, command: string, rest = "") => {
    const isNamed = found.includes("--stack") || (stackName === defaultStacks.kubernetes && found.includes("--target"));
    if (isNamed) return found;
    return `npm run ${command} -- --stack ${stackName}${String(rest).slice(" --".length)}`;
  });
}
