import { parseArgs, type ParseArgsConfig } from "node:util";
import { shown, visible } from "../config/problem.ts";
import { pulumiName } from "../config/rules.ts";
import type { StackSettings } from "../config/settings-and-defaults.ts";
import { stackCommands } from "./command-list.ts";
import { messageOf } from "./errors.ts";
import { print } from "./text.ts";
import { UserError } from "./user-error.ts";

/** Where a stack runs. */
export type TargetName = StackSettings["target"];

/** The Pulumi stack that the commands work on unless `--stack` names another, for each target. */
const defaultStacks: Readonly<Record<TargetName, string>> = { docker: "dev", kubernetes: "kubernetes" };

/** The stack that commands without an option work on. */
export const defaultStack = defaultStacks.docker;

/** The options that a command was called with. */
export interface CommandOptions<Flag extends string = string, Value extends string = string> {
  readonly stack: string;
  /** `undefined` if it is left to the stack. */
  readonly target: TargetName | undefined;
  readonly flags: ReadonlySet<Flag>;
  /** The values of those options that were given. */
  readonly values: Readonly<Partial<Record<Value, string>>>;
  /** What stands on the command line without an option. */
  readonly argument?: string | undefined;
}

/**
 * Reads the options of this process's command: `--stack`, `--target`, and those that the command names.
 *
 * @param flags options without a value
 * @param valued options with one
 * @param argument what the command may be given without an option; `undefined` if nothing
 * @throws UserError with the usage.
 */
export function commandOptions<Flag extends string, Value extends string = never>(
  usage: string,
  flags: readonly Flag[],
  valued: readonly Value[] = [],
  argument?: string,
): CommandOptions<Flag, Value> {
  const refuse = (problem: string): never => {
    throw new UserError("OBS1008", `${problem}\n  usage: ${usage}`);
  };
  const isArgumentAllowed = argument !== undefined;
  const { values, names, positionals } = parsed(
    ["help", ...flags],
    ["stack", "target", ...valued],
    isArgumentAllowed,
    refuse,
  );
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) return refuse(`--${repeated}: must be given once, got it more often`);
  if (positionals.length > 1) return refuse(`${argument ?? ""}: must be one, got ${positionals.length}`);
  if (values["help"] === true) {
    print(usage);
    process.exit(0);
  }
  const { stack, target } = values;
  if (stack !== undefined && !(typeof stack === "string" && pulumiName.pattern.test(stack))) {
    return refuse(
      `--stack: must be the name of a Pulumi stack alone, 1 to 100 letters, digits, hyphens, underscores and dots, got ${shown(stack)}`,
    );
  }
  if (target !== undefined && target !== "docker" && target !== "kubernetes") {
    return refuse(`--target: must be docker or kubernetes, got ${shown(target)}`);
  }
  return {
    stack: stack ?? defaultStacks[target ?? "docker"],
    target,
    flags: new Set(flags.filter((flag) => values[flag] === true)),
    values: Object.fromEntries(valued.flatMap((name) => (name in values ? [[name, values[name]]] : []))) as Partial<
      Record<Value, string>
    >,
    argument: positionals[0],
  };
}
/** The values of the options that were given, and the name of each as often as it was. */
function parsed(
  flags: readonly string[],
  valued: readonly string[],
  allowPositionals: boolean,
  refuse: (problem: string) => never,
): {
  readonly values: Readonly<Record<string, unknown>>;
  readonly names: readonly string[];
  readonly positionals: readonly string[];
} {
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  for (const name of flags) options[name] = { type: "boolean" };
  for (const name of valued) options[name] = { type: "string" };
  try {
    const { values, tokens, positionals } = parseArgs({ options, strict: true, allowPositionals, tokens: true });
    return { values, names: tokens.flatMap((token) => (token.kind === "option" ? [token.name] : [])), positionals };
  } catch (error) {
    // What the user has typed is in it as it is.
    const lines = messageOf(error).split("\n");
    return refuse(lines.map((line) => visible(line, 500)).join("\n"));
  }
}

/**
 * Adds a stack's name to the commands in a text: `npm run up` becomes `npm run up -- --stack shop`. The stack that
 * commands without an option work on is left out.
 */
export function forStack(text: string, stackName: string): string {
  if (stackName === defaultStacks.docker) return text;
  const commands = new RegExp(`npm run (${stackCommands.join("|")})\\b( -- [^\\n;,]*)?`, "g");
  return text.replaceAll(commands, (found, command: string, rest = "") => {
    const isNamed = found.includes("--stack") || (stackName === defaultStacks.kubernetes && found.includes("--target"));
    if (isNamed) return found;
    return `npm run ${command} -- --stack ${stackName}${String(rest).slice(" --".length)}`;
  });
}
