import { commandOptions, forStack, type CommandOptions } from "./options.ts";
import type { Say } from "./target.ts";
import { print } from "./text.ts";
import { codeLine, UserError } from "./user-error.ts";

/**
 * Runs a command's main function; a {@link UserError} ends the process with its exit code, its message and its code, and so does
 * what the system says of a file or a folder.
 */
export async function runCommand(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    const { message, errorCodes, exitCode } = asUserError(error);
    process.stderr.write(`\n${[message, codeLine(errorCodes)].join("\n")}\n`);
    process.exitCode = exitCode;
  }
}

/** @throws what was thrown, if it is a fault of the program. */
function asUserError(error: unknown): UserError {
  if (error instanceof UserError) return error;
  const isOfSystem = error instanceof Error && "code" in error && "syscall" in error && "path" in error;
  if (!isOfSystem) throw error;
  return new UserError(
    "OBS1106",
    `${String(error.path)}: must be usable by this command, got ${error.message}\n  next: correct that, then try again`,
    { cause: error },
  );
}

/**
 * Runs a command that works on a stack, with the options of this process. Whatever it says, its errors included, names
 * the stack in the commands that the user is to run next.
 *
 * @param flags options without a value, beside `--stack` and `--target`
 * @param valued options with one
 * @param argument what it may be given without an option; `undefined` if nothing
 */
export async function runOnStack<Flag extends string, Value extends string = never>(
  usage: string,
  flags: readonly Flag[],
  main: (options: CommandOptions<Flag, Value>, say: Say) => Promise<number>,
  valued: readonly Value[] = [],
  argument?: string,
): Promise<void> {
  await runCommand(async () => {
    const options = commandOptions(usage, flags, valued, argument);
    try {
      return await main(options, (line) => {
        print(forStack(line, options.stack));
      });
    } catch (error) {
      const told = asUserError(error);
      throw new UserError(told.errorCodes, forStack(told.message, options.stack), {
        cause: error,
        exitCode: told.exitCode,
      });
    }
  });
}
