import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { failedCheck } from "../../config/failed-check.ts";
import { dockerLabels } from "../../config/names.ts";
import { partEntries } from "../../config/parts/parts.ts";
import { noSurroundings, partProcess } from "../../config/parts/processes.ts";
import type { StackSettings } from "../../config/settings-and-defaults.ts";
import type { TextFile } from "../../config/text-file.ts";
import { untilInterrupted } from "../interrupt.ts";
import { coded, refused } from "../user-error.ts";
import { CommandFailed, type Docker } from "./docker.ts";

/**
 * Has each part check what the user adds to its configuration, in a container of its own. The deployment does so as well,
 * but only when it has come that far.
 *
 * @param owner whose the container is, as its label has it
 * @throws UserError with the program's own words, before anything is changed; or if Ctrl-C or SIGTERM ended it.
 */
export async function checkConfiguration(stack: StackSettings, owner: string, docker: Docker): Promise<void> {
  if (!stack.observability) return;
  for (const [name, { host, user }] of partEntries) {
    const { check, configFiles, secretFiles } = partProcess(name, stack, noSurroundings);
    if (check === "none") continue;
    const files = await archive([...configFiles, ...secretFiles]);
    // Known before there is one, so that it can be removed whenever the command that makes it is cut off.
    const container = `${stack.name}-${host}-look-${randomBytes(6).toString("hex")}`;
    const labels = [`${dockerLabels.owner}=${owner}`, `${dockerLabels.name}=${stack.name}`];
    // Removed at its end, even if nobody is left to do it.
    const options = ["--rm", "--name", container, "--network", "none", "--cap-drop", "ALL"];
    const identity = ["--user", `${user.userId}:${user.groupId}`, ...labels.flatMap((label) => ["--label", label])];
    const create = ["create", ...options, ...identity, stack.images[name], ...check.args];
    const said = await untilInterrupted((signal) => objectionOf(container, create, files, docker, signal));
    if (said === undefined) continue;
    const message = failedCheck(check.setting, said, Object.values(stack.secrets));
    throw refused(coded("OBS1005", [message]), "correct the settings of the stack, then npm run up");
  }
}

/** The files as `docker cp` takes them from its standard input: the secrets among them are on no disk of this machine. */
async function archive(files: readonly TextFile[]): Promise<Buffer> {
  const tar = pack();
  // In the container another user reads them; folders that are missing belong to root and can be entered by all.
  for (const { path, content } of files) tar.entry({ name: path.slice(1), mode: 0o444 }, content);
  tar.finalize();
  return buffer(tar);
}

/** Begins an error of Docker itself, which cannot start a container; all other output is the container's. */
const refusedByDocker = /^Error response from daemon: /m;

/** Runs a check with files in a container; the output of one that has failed, `undefined` if it has passed. */
async function objectionOf(
  container: string,
  create: readonly string[],
  files: Buffer,
  docker: Docker,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await docker.run(create, { signal });
    await docker.run(["cp", "-", `${container}:/`], { input: files, signal });
    await docker.run(["start", "--attach", container], { signal });
    return undefined;
  } catch (error) {
    const isAnswer = error instanceof CommandFailed && error.command === "docker start";
    if (isAnswer && !refusedByDocker.test(error.stderr)) return error.stdout + error.stderr;
    throw error;
  } finally {
    await remove(container, docker);
  }
}

async function remove(container: string, docker: Docker): Promise<void> {
  try {
    await docker.run(["rm", "--force", "--volumes", container]);
  } catch (error) {
    const isGone = error instanceof CommandFailed && /no such container|already in progress/i.test(error.stderr);
    if (!isGone) throw error;
  }
}
