import { CodedError } from "../config/coded-error.ts";
import { imageLockFile } from "../config/image-lock.ts";
import { UserError } from "./user-error.ts";

/**
 * What is wrong with the settings, the program or a file of it, as a command tells it.
 *
 * @param next what to do about it, unless it is the lock of images that cannot be used
 * @throws the error, if it is a fault of the program.
 */
export function refusedProgram(error: unknown, next: string): UserError {
  if (!(error instanceof CodedError)) throw error;
  const toDo = error.errorCode === "OBS1011" ? `correct ${imageLockFile}, then npm run up` : next;
  return new UserError([error.errorCode], `${error.message}\n  next: ${toDo}`, { cause: error });
}
