import { statSync, type Stats } from "node:fs";
import { isAbsolute, relative, resolve } from "node:path";
import { problem, type Problem } from "./problem.ts";

/** The problems of a build's paths: a folder or a file that is not there, which the builder would report in the middle of a deployment. */
export function buildContextProblems({
  context,
  dockerfile,
}: {
  readonly context: string;
  readonly dockerfile: string;
}): readonly Problem[] {
  const folder = resolve(context);
  if (statusOf(folder)?.isDirectory() !== true) {
    const change = `write its path relative to ${process.cwd()}`;
    return [problem("build.context", "must be a folder that exists", context, change)];
  }
  if (isBelow(folder, dockerfile) && statusOf(resolve(folder, dockerfile))?.isFile() === true) return [];
  const change = "write its path relative to build.context";
  return [problem("build.dockerfile", `must be a file of the folder ${context}`, dockerfile, change)];
}

/** Whether a path stays in its folder, which is all that the builder is sent. */
function isBelow(folder: string, path: string): boolean {
  return !isAbsolute(path) && !/^\.\.($|[\\/])/.test(relative(folder, resolve(folder, path)));
}

function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A file where a folder should be, a name that is too long or a folder that may not be read: as good as not there.
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}
