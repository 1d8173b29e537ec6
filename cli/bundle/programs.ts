import { createHash } from "node:crypto";
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { sha256Of } from "../sha256.ts";
import type { BundledProgramFile } from "./format.ts";

/** A folder with files of a version, and where they belong below `PULUMI_HOME`. */
export interface ProgramFolder {
  readonly folder: string;
  /** `versions/3.265.0/bin` or `plugins/resource-docker-v5.2.0`. */
  readonly place: string;
  /** Which of its files. @default all */
  readonly files?: RegExp;
}

/** The folder of the CLI that is first on the PATH, where its language plugins lie beside it. */
export function cliFolder(version: string): ProgramFolder {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const found = folders.map((folder) => join(folder, "pulumi")).find((file) => existsSync(file));
  if (found === undefined) throw new Error("pulumi: must be on the PATH once it was chosen, is not");
  // Other programs may lie in the same folder.
  return { folder: dirname(realpathSync(found)), place: `versions/${version}/bin`, files: /^pulumi[\w.-]*$/ };
}

/** A file to be put into a bundle. */
export interface ProgramSource extends BundledProgramFile {
  readonly file: string;
}

/** The files of some folders, with their checksums. */
export async function programSources(folders: readonly ProgramFolder[]): Promise<readonly ProgramSource[]> {
  const files = folders.flatMap(({ folder, place, files = /./ }) =>
    readdirSync(folder)
      .filter((name) => files.test(name) && statSync(join(folder, name)).isFile())
      .map((name) => ({ file: join(folder, name), path: `${place}/${name}` })),
  );
  return Promise.all(
    files.map(async ({ file, path }) => ({
      file,
      path,
      sha256: await sha256Of(file),
      mode: statSync(file).mode & 0o777,
    })),
  );
}

/** The folder of a version: `versions/3.265.0`. It is there whole or not at all. */
function folderOf({ path }: BundledProgramFile): string {
  return path.split("/").slice(0, 2).join("/");
}

/** The files whose version is not in `PULUMI_HOME`. */
export function missingPrograms(files: readonly BundledProgramFile[], home: string): readonly BundledProgramFile[] {
  return files.filter((file) => !existsSync(join(home, folderOf(file))));
}

/** Puts programs into `PULUMI_HOME`: what is not whole and right when it ends is not there. */
export class ProgramInstallation {
  private readonly home: string;
  private readonly wanted: ReadonlyMap<string, BundledProgramFile>;
  private readonly done = new Set<string>();

  constructor(home: string, files: readonly BundledProgramFile[]) {
    this.home = home;
    this.wanted = new Map(files.map((file) => [file.path, file]));
  }

  /** Whether a file is still to come. */
  wants(path: string): boolean {
    return this.wanted.has(path) && !this.done.has(path);
  }

  /** Takes a file. @throws Error if it is not what the bundle says that it is */
  async take(path: string, content: Readable): Promise<void> {
    const found = this.wanted.get(path);
    if (found === undefined) throw new Error(`${path}: must be wanted to be taken`);
    const target = join(this.unfinished(found), ...path.split("/").slice(2));
    mkdirSync(dirname(target), { recursive: true });
    const hash = createHash("sha256");
    content.on("data", (bytes: Buffer) => hash.update(bytes));
    await pipeline(content, createWriteStream(target, { mode: found.mode }));
    const sha256 = hash.digest("hex");
    if (sha256 !== found.sha256) throw new Error(`${path}: must have the SHA-256 ${found.sha256}, got ${sha256}`);
    this.done.add(path);
  }

  /** Lets Pulumi find what was taken. @throws Error if a file is missing */
  finish(): void {
    const missing = [...this.wanted.keys()].filter((path) => !this.done.has(path));
    if (missing.length > 0) throw new Error(`${missing.join(", ")}: must be in it, got none`);
    for (const folder of this.folders()) renameSync(this.unfinished(folder), join(this.home, folderOf(folder)));
  }

  /** Removes what was taken and not finished. */
  abandon(): void {
    for (const folder of this.folders()) rmSync(this.unfinished(folder), { recursive: true, force: true });
  }

  /** A file of each folder. */
  private folders(): readonly BundledProgramFile[] {
    return [...new Map([...this.wanted.values()].map((file) => [folderOf(file), file])).values()];
  }

  private unfinished(file: BundledProgramFile): string {
    return join(this.home, `${folderOf(file)}.${process.pid}`);
  }
}
