import { join } from "node:path";
import { mib } from "../download.ts";
import { messageOf } from "../errors.ts";
import { UserError } from "../user-error.ts";
import { unpackFrom, type DataAccess } from "./archive.ts";
import { forgetSigningKeys } from "./grafana-database.ts";
import type { BackedUpStore } from "./format.ts";
import type { Restored } from "./read-backup.ts";
import { runningText, whileStopped, type StopContext } from "./while-stopped.ts";

/** What is restored, with the secrets that the stack has. */
export type RestoredStore = Restored & Pick<BackedUpStore, "secrets">;

/**
 * Gives each store the data of a backup that was checked, one after the other.
 *
 * @param done is told of each store whose data was replaced
 * @throws UserError if that cannot be done with one, whose own data is kept then.
 */
export async function restoreBackup(
  folder: string,
  restored: readonly RestoredStore[],
  context: StopContext,
  done: (title: string) => void,
): Promise<void> {
  for (const { store, backup, secrets } of restored) {
    const { title } = store.part;
    const onBytes = (bytes: number): void => {
      context.progress.waitingFor(`unpacking ${title}: ${mib(bytes)} of ${mib(backup.archiveBytes)}`);
    };
    try {
      await whileStopped(store, context, async () => {
        const access: DataAccess = { target: context.target, store, signal: context.signal, onBytes };
        await unpackFrom(join(folder, backup.file), access, async (incoming) => {
          if (store.name === "grafana" && backup.secrets["secret-key"] !== secrets["secret-key"]) {
            await forgetSigningKeys(incoming, access);
            context.progress.line(
              "another stack has encrypted the passwords in Grafana's data sources and contact points: those made by hand need them anew",
            );
          }
        });
        done(title);
      });
    } catch (error) {
      if (error instanceof UserError || context.signal.aborted) throw error;
      throw new UserError(
        "OBS1704",
        `${title}: must take the data of ${backup.file}, got: ${messageOf(error)}\nits own data is kept, and ${runningText(context.away)}\n` +
          "  next: solve that, then npm run restore -- DIR",
        { cause: error },
      );
    }
  }
}
