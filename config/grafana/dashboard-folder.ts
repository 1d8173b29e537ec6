import { opendirSync, readFileSync, realpathSync, statSync, type Dirent, type Stats } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { mostDashboardKib, tooLarge, type DashboardFolder, type NamedFolder } from "./added-dashboards.ts";
import { problem, type Problem } from "../problem.ts";
import type { TextFile } from "../text-file.ts";

/** Most files and folders below a folder of dashboards: one with more holds something else, and takes long to read. */
const mostEntries = 1000;

/**
 * Every `*.json` file below a folder, sorted. A link to a file is read like the file; a link to a folder is a problem. Names that begin with a dot are left out, as Grafana leaves them out. What cannot be read is a problem.
 *
 * @param folder relative to the working directory, which for a program of Pulumi is the folder of Pulumi.yaml
 * @param setting where it is named, which is the path of what is wrong with it as a whole
 */
export function readDashboardFolder(folder: string, setting: string): DashboardFolder {
  const refused = (rule: string, change: string): DashboardFolder => ({
    files: [],
    problems: [problem(setting, rule, folder, change)],
  });
  const root = resolve(folder);
  const status = statusOf(root);
  if (typeof status === "string" || !status.isDirectory()) {
    return refused("must be a folder", "name one that there is, relative to the folder of Pulumi.yaml");
  }
  if (`${realpathSync(process.cwd())}${sep}`.startsWith(`${realpathSync(root).replace(/[\\/]$/, "")}${sep}`)) {
    return refused("must be a folder of its own below the one of Pulumi.yaml, or elsewhere", "name one for dashboards");
  }
  const entries = entriesBelow(root);
  if (entries === undefined) {
    const rule = `must hold at most ${mostEntries} files and folders`;
    return refused(rule, "name a folder that holds dashboards only");
  }
  return readAll({ folder, setting }, root, entries);
}

/** What is wrong with something below the folder. */
type Fault = Omit<Problem, "path">;

/** A dashboard below the folder, or a fault. */
interface Entry {
  /** Relative to the folder, with `/` in between. */
  readonly path: string;
  readonly found: Stats | Fault;
}

/** Everything below a folder, folder by folder; `undefined` if it is more than {@link mostEntries}. */
function entriesBelow(root: string): readonly Entry[] | undefined {
  const folders = [root];
  const entries: Entry[] = [];
  const add = (path: string, found: Entry["found"] | undefined): void => {
    if (found !== undefined) entries.push({ path: relative(root, path).split(sep).join("/"), found });
  };
  let seen = 0;
  for (const folder of folders) {
    for (const entry of listed(folder)) {
      seen += 1;
      if (seen > mostEntries) return undefined;
      if (typeof entry === "string") {
        add(folder, unreadable(entry));
      } else if (!entry.name.startsWith(".")) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) folders.push(path);
        else add(path, foundAt(path, entry));
      }
    }
  }
  return entries;
}

/** The entries of a folder one after the other, or the system's code of the error. */
function* listed(folder: string): Generator<Dirent | string> {
  let directory;
  try {
    directory = opendirSync(folder);
  } catch (error) {
    yield codeOf(error);
    return;
  }
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) yield entry;
  } finally {
    directory.closeSync();
  }
}

/** `undefined` for something that is no dashboard and no fault. */
function foundAt(path: string, entry: Dirent): Entry["found"] | undefined {
  const isDashboard = entry.name.endsWith(".json");
  if (!isDashboard && !entry.isSymbolicLink()) return undefined;
  const status = statusOf(path);
  if (typeof status === "string") return isDashboard ? unreadable(status) : undefined;
  if (status.isDirectory()) {
    return { rule: "must be a folder itself", got: "a link to one", change: "link its files, or copy it" };
  }
  if (!isDashboard) return undefined;
  if (status.isFile()) return status;
  return { rule: "must be a file", got: "something else", change: "leave it out" };
}

function readAll({ folder, setting }: NamedFolder, root: string, entries: readonly Entry[]): DashboardFolder {
  const files: TextFile[] = [];
  const problems: Problem[] = [];
  const sizes = new Map<string, number>();
  for (const { path, found } of entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    if ("rule" in found) problems.push({ path: `${folder}/${path}`, ...found });
    else if (found.size > mostDashboardKib * 1024) problems.push(tooLarge(`${folder}/${path}`, found.size));
    else sizes.set(path, found.size);
  }
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  if (bytes > mostDashboardKib * 1024) return { files, problems: [...problems, tooLarge(setting, bytes)] };
  for (const path of sizes.keys()) {
    const content = textOf(join(root, path));
    if (typeof content === "string") files.push({ path, content });
    else problems.push({ path: `${folder}/${path}`, ...content });
  }
  return { files, problems };
}

function textOf(path: string): string | Fault {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    // The decoder's; the system's have another class.
    if (!(error instanceof TypeError)) return unreadable(codeOf(error));
    return { rule: "must be text in UTF-8", got: "other bytes", change: "save it as UTF-8" };
  }
}

function unreadable(code: string): Fault {
  return { rule: "must be readable", got: code, change: "correct it, or leave it out" };
}

/** The status of a path, links followed, or the system's code of the error. */
function statusOf(path: string): Stats | string {
  try {
    return statSync(path);
  } catch (error) {
    return codeOf(error);
  }
}

/** The system's code of an error. @throws the error if it has none */
function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  throw error;
}
