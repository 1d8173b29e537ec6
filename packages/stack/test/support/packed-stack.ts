import { cpSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packPackage, unpackFor, type PackedPackage } from "../../../shared/test/packed-package.ts";

/** Folder of the package. */
export const packageFolder = join(import.meta.dirname, "../..");

let packed: PackedPackage | undefined;

/** The package as `npm pack` makes it: once for a run of the tests, since that takes seconds. */
export function packedStack(): PackedPackage {
  if (packed === undefined) {
    packed = packPackage(packageFolder);
    process.once("exit", packed.remove);
  }
  return packed;
}

/** A program in a folder of its own outside of the repository, with the package installed. */
export interface UsersFolder {
  readonly path: string;
  readonly remove: () => void;
}

/** @param program folder with a user's program, which is copied */
export function usersFolder(program: string): UsersFolder {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "stack-user-")));
  cpSync(program, path, { recursive: true });
  unpackFor(path, packedStack());
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true });
    },
  };
}
