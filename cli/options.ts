import { parseArgs, type ParseArgsConfig } from "node:util";
import { UserError } from "./user-error.ts";

/** The Pulumi stack that the commands work on unless `--stack` names another. */
const defaultStack = "dev";

/** Options of a command: `--stack` and the flags that it names. */
export function commandOptions<Flag extends string>(
  usage: string,
  flags: readonly Flag[],
): { readonly stack: string; readonly flags: ReadonlySet<Flag> } {
  const options: NonNullable<ParseArgsConfig["options"]> = { stack: { type: "string" }, help: { type: "boolean" } };
  for (const flag of flags) options[flag] = { type: "boolean" };
  const values = parse(options, usage);
  if (values["help"] === true) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  const stack = values["stack"];
  return {
    stack: typeof stack === "string" ? stack : defaultStack,
    flags: new Set(flags.filter((flag) => values[flag] === true)),
  };
}

function parse(options: NonNullable<ParseArgsConfig["options"]>, usage: string): Readonly<Record<string, unknown>> {
  try {
    return parseArgs({ options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UserError(`${error instanceof Error ? error.message : String(error)}\n  usage: ${usage}`);
  }
}
