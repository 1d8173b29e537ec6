import { dashboardUids, ownDashboardFolder, paths } from "../names.ts";
import { isRecord } from "../parse.ts";
import { duplicates, problem, type Problem } from "../problem.ts";
import { grafanaUid } from "../rules.ts";

/** A file below the folder of the user's dashboards. */
export interface FolderFile {
  /** Relative to the folder, with `/` in between. */
  readonly path: string;
  readonly content: string;
}

/** Reads every dashboard below a folder; `undefined` if there is no such folder. */
export type ReadFolder = (folder: string) => readonly FolderFile[] | undefined;

/** Where nothing reads files: settings that ask for it are refused instead of half used. */
export const noFolders: ReadFolder = (folder) => {
  throw new Error(`grafana.dashboards: must be read by the caller, got ${folder}; hand over a function that reads it`);
};

/** Largest size of all dashboards together, in KiB: what a ConfigMap of Kubernetes holds, with room for its names. */
export const mostDashboardKib = 900;

/** A dashboard of the user as a file in Grafana's container. */
export interface OwnDashboard {
  readonly path: string;
  readonly content: string;
}

/** The user's dashboards, each named by its uid, in a folder that is one in Grafana as well. */
export function ownDashboards(files: readonly FolderFile[]): readonly OwnDashboard[] {
  return files.map((file) => {
    const dashboard: unknown = JSON.parse(file.content);
    const uid = isRecord(dashboard) ? String(dashboard["uid"]) : "";
    return { path: `${paths.grafanaOwnDashboards}/${folderOf(file)}/${uid}.json`, content: file.content };
  });
}

function folderOf({ path }: FolderFile): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ownDashboardFolder;
}

/**
 * What is wrong with the folder of the user's dashboards and with each of them.
 *
 * @param folder what the setting `grafana.dashboards` says
 */
export function dashboardProblems(folder: unknown, read: ReadFolder): readonly Problem[] {
  if (typeof folder !== "string" || folder === "") return [];
  const files = read(folder);
  const setting = "grafana.dashboards";
  if (files === undefined) {
    const change = "name one that there is, relative to the folder of Pulumi.yaml";
    return [problem(setting, "must be a folder", folder, change)];
  }
  if (files.length === 0) {
    return [problem(setting, "must hold a dashboard as a *.json file", folder, "put one there, or leave it out")];
  }
  const kib = Math.ceil(files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0) / 1024);
  const most = `must hold at most ${mostDashboardKib} KiB, which is what Kubernetes takes`;
  return [
    ...(kib > mostDashboardKib ? [problem(setting, most, `${kib} KiB`, "remove dashboards")] : []),
    ...files.flatMap((file) => fileProblems(`${folder}/${file.path}`, file)),
    ...uniqueProblems(folder, files),
  ];
}

function fileProblems(where: string, file: FolderFile): readonly Problem[] {
  const dashboard = parsed(file.content);
  if (!isRecord(dashboard)) {
    const change = "export it from Grafana as JSON, or leave the file out";
    return [problem(where, "must be a dashboard as JSON", file.content, change)];
  }
  const { title, uid, __inputs: inputs } = dashboard;
  return [
    ...(file.path.split("/").length > 2
      ? [problem(where, "must be at most one folder deep", file.path, "move it up: Grafana shows one level")]
      : []),
    ...(folderOf(file).toLowerCase() === "general"
      ? [problem(where, "must be in a folder that Grafana does not have itself", folderOf(file), "rename the folder")]
      : []),
    ...(typeof title === "string" && title.trim() !== ""
      ? []
      : [problem(`${where}: title`, "must be a text", title, "give the dashboard a title")]),
    ...(typeof uid === "string" && grafanaUid.pattern.test(uid)
      ? []
      : [problem(`${where}: uid`, grafanaUid.rule, uid, "set one: it is part of the dashboard's address")]),
    ...(inputs === undefined
      ? []
      : [
          problem(
            `${where}: __inputs`,
            "must name its data sources itself",
            inputs,
            "export it without the option to share it externally",
          ),
        ]),
  ];
}

function uniqueProblems(folder: string, files: readonly FolderFile[]): readonly Problem[] {
  const dashboards = files.flatMap((file) => {
    const dashboard = parsed(file.content);
    return isRecord(dashboard) ? [{ file, dashboard }] : [];
  });
  const generated = Object.entries(dashboardUids).map(([name, uid]) => [`the stack's dashboard ${name}`, uid] as const);
  const uids = dashboards.flatMap(({ file, dashboard: { uid } }) =>
    typeof uid === "string" ? [[`${folder}/${file.path}: uid`, uid] as const] : [],
  );
  const titles = dashboards.flatMap(({ file, dashboard: { title } }) =>
    typeof title === "string" ? [[`${folder}/${file.path}: title`, `${folderOf(file)}/${title}`] as const] : [],
  );
  return [
    ...duplicates([...generated, ...uids], "give it another uid"),
    ...duplicates(titles, "give it another title, or put it into another folder"),
  ];
}

/** What a text is as JSON; `undefined` if it is none. */
function parsed(content: string): unknown {
  try {
    return JSON.parse(content) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
