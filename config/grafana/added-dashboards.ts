import { dashboardUids, fileKey, addedDashboardFolder, runbooksUid } from "../names.ts";
import { isRecord, parsedJson } from "../parse.ts";
import { duplicates, hiddenProblem, problem, problemIf, type Problem } from "../problem.ts";
import { fits, grafanaUid, oneLine, type TextRule } from "../rules.ts";
import type { TextFile } from "../text-file.ts";
import { grafanaPaths } from "./paths.ts";

/** A folder of dashboards. */
export interface DashboardFolder {
  /** Their paths are relative to the folder, with `/` in between. */
  readonly files: readonly TextFile[];
  /** What of it cannot be read, and why. */
  readonly problems: readonly Problem[];
}

/** Reads every dashboard below a folder. @param setting where the folder is named, which is the path of its problems */
export type ReadFolder = (folder: string, setting: string) => DashboardFolder;

/** Reads no folder: settings that name one are refused, not used without it. */
export const noFolders: ReadFolder = (folder, setting) => {
  throw new Error(`${setting}: must be read by the caller, got ${folder}; hand over a function that reads it`);
};

/** Reads each folder once, however often it is asked for: what is judged is what is deployed. */
export function readingOnce(read: ReadFolder): ReadFolder {
  const known = new Map<string, DashboardFolder>();
  return (folder, setting) => {
    const found = known.get(folder) ?? read(folder, setting);
    known.set(folder, found);
    return found;
  };
}

const setting = "grafana.dashboards";

/** A folder that the setting `grafana.dashboards` names. */
export interface NamedFolder {
  readonly folder: string;
  /** Where it is named. */
  readonly setting: string;
}

/** The folders that the setting names, each once: one, or a list. What is no text, the schema reports. */
export function namedFolders(given: unknown): readonly NamedFolder[] {
  const entries = Array.isArray(given) ? (given as readonly unknown[]) : [given];
  return entries.flatMap((folder, index) =>
    typeof folder === "string" && folder !== "" && entries.indexOf(folder) === index
      ? [{ folder, setting: Array.isArray(given) ? `${setting}.${index}` : setting }]
      : [],
  );
}

/** Largest size of all dashboards of the user, in KiB: a ConfigMap of Kubernetes holds 1 MiB, the stack's own among it. */
export const mostDashboardKib = 512;

/** The problem of a dashboard, or of all of them, of so many bytes. */
export function tooLarge(path: string, bytes: number): Problem {
  const got = `${Math.ceil(bytes / 1024)} KiB`;
  return { path, rule: `must be at most ${mostDashboardKib} KiB`, got, change: "make it smaller, or leave it out" };
}

/** Name of a folder of dashboards: a part of a path in a container, and a title in Grafana. */
const folderName = {
  // Kubernetes takes no colon in the path of a file that it mounts.
  pattern: /^(?!\s)[^:\\/]{1,100}(?<!\s)$/u,
  rule: "must be in a folder whose name is one line of at most 100 characters, no : and no \\ among them, no blanks around them",
  change: "rename the folder",
  also: [oneLine],
} as const satisfies TextRule;

/** The user's dashboards as files in Grafana's container: named by their uid, in a folder that is one in Grafana as well. */
export function addedDashboards(files: readonly TextFile[]): readonly TextFile[] {
  return files.map((file) => {
    const dashboard: unknown = JSON.parse(file.content);
    const uid = isRecord(dashboard) ? String(dashboard["uid"]) : "";
    return { path: pathInGrafana(file, uid), content: file.content };
  });
}

function pathInGrafana(file: TextFile, uid: string): string {
  return `${grafanaPaths.addedDashboards}/${folderOf(file)}/${uid}.json`;
}

function folderOf({ path }: TextFile): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : addedDashboardFolder;
}

/**
 * What is wrong with the folders of the user's dashboards and with each of them.
 *
 * @param given what the setting `grafana.dashboards` says
 */
export function dashboardProblems(given: unknown, read: ReadFolder): readonly Problem[] {
  const folders = namedFolders(given).map((named) => ({ ...named, ...read(named.folder, named.setting) }));
  const files = folders.flatMap((each) => each.files.map((file) => [`${each.folder}/${file.path}`, file] as const));
  const bytes = files.reduce((sum, [, { content }]) => sum + Buffer.byteLength(content), 0);
  return [
    ...folders.flatMap(folderProblems),
    ...(bytes > mostDashboardKib * 1024 ? [tooLarge(setting, bytes)] : []),
    ...files.flatMap(([where, file]) => fileProblems(where, file)),
    ...uniqueProblems(files),
  ];
}

function folderProblems({ folder, setting, files, problems }: NamedFolder & DashboardFolder): readonly Problem[] {
  if (files.length > 0 || problems.length > 0) return problems;
  return [problem(setting, "must hold a dashboard as a *.json file", folder, "put one there, or leave it out")];
}

function fileProblems(where: string, file: TextFile): readonly Problem[] {
  const dashboard = parsedJson(file.content);
  if (!isRecord(dashboard)) {
    const change = "export it from Grafana as JSON, or leave the file out";
    return [hiddenProblem(where, "must be a dashboard as JSON", change)];
  }
  const { title, uid, __inputs: inputs } = dashboard;
  const folder = folderOf(file);
  const isDeep = file.path.split("/").length > 2;
  const isTaken = folder.toLowerCase() === "general";
  const hasTitle = typeof title === "string" && title.trim() !== "";
  const hasUid = typeof uid === "string" && grafanaUid.pattern.test(uid);
  return [
    ...problemIf(isDeep, where, "must be at most one folder deep", file.path, "move it up: Grafana shows one level"),
    ...problemIf(!fits(folderName, folder), where, folderName.rule, folder, folderName.change),
    ...problemIf(isTaken, where, "must be in a folder that Grafana does not have itself", folder, "rename the folder"),
    ...problemIf(!hasTitle, `${where}: title`, "must be a text", title, "give the dashboard a title"),
    ...problemIf(!hasUid, `${where}: uid`, grafanaUid.rule, uid, "set one: it is part of the dashboard's address"),
    ...problemIf(
      inputs !== undefined,
      `${where}: __inputs`,
      "must name its data sources itself",
      inputs,
      "export it without the option to share it externally",
    ),
  ];
}

function uniqueProblems(files: readonly (readonly [path: string, file: TextFile])[]): readonly Problem[] {
  const uids: (readonly [path: string, uid: string])[] = [];
  const titles: (readonly [path: string, title: string])[] = [];
  /** By uid, the first of each: of two with one uid that is the fault. */
  const keys = new Map<string, readonly [path: string, key: string]>();
  for (const [path, file] of files) {
    const dashboard = parsedJson(file.content);
    const { uid, title } = isRecord(dashboard) ? dashboard : {};
    if (typeof title === "string") titles.push([`${path}: title`, `${folderOf(file)}/${title}`]);
    if (typeof uid !== "string") continue;
    uids.push([`${path}: uid`, uid]);
    if (!keys.has(uid)) keys.set(uid, [path, fileKey(pathInGrafana(file, uid))]);
  }
  const generated = Object.entries({ ...dashboardUids, runbooks: runbooksUid }).map(
    ([name, uid]) => [`the stack's dashboard ${name}`, uid] as const,
  );
  const change = "give it another uid, or rename one of the two folders: on Kubernetes the two are one file";
  return [
    ...duplicates([...generated, ...uids], "give it another uid"),
    ...duplicates(titles, "give it another title, or put it into another folder"),
    ...duplicates([...keys.values()], change),
  ];
}
