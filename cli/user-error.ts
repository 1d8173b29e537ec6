/** A problem that the user can solve: printed as it stands, without a stack trace. */
export class UserError extends Error {}

/** Runs a command's main function; a {@link UserError} ends the process with status 1 and its message. */
export async function runCommand(main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = 1;
  }
}
