import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { failedCheck } from "../../config/failed-check.ts";
import { dockerLabels } from "../../config/names.ts";
import type { AnyPart } from "../../config/parts/part.ts";
import { partEntries, type PartName } from "../../config/parts/parts.ts";
import { noSurroundings, partProcess } from "../../config/parts/processes.ts";
import type { StackSettings } from "../../config/settings.ts";
import type { TextFile } from "../../config/text-file.ts";
import { untilInterrupted } from "../interrupt.ts";
import { UserError } from "../user-error.ts";
import { CommandFailed, type Docker } from "./docker.ts";

/**
 * Has each part look itself at what the user adds to its configuration, in a container of its own. The deployment does so as
 * well, but only when it has come that far.
 *
 * @param owner whose the container is, as its label has it
 * @throws UserError with the program's own words, before anything is changed; or if Ctrl-C or SIGTERM ended it.
 */
export async function checkConfiguration(stack: StackSettings, owner: string, docker: Docker): Promise<void> {
  if (!stack.observability) return;
  for (const [name, part] of partEntries) await checkPart(name, part, stack, owner, docker);
}

async function checkPart(
  name: PartName,
  part: AnyPart,
  stack: StackSettings,
  owner: string,
  docker: Docker,
): Promise<void> {
  const { check, configFiles, secretFiles } = partProcess(name, stack, noSurroundings);
  if (check === "none") return;
  const files = await archive([...configFiles, ...secretFiles]);
  const run = { image: stack.images[name], args: check.args, part, stackName: stack.name, owner };
  const said = await untilInterrupted((signal) => validate(files, run, docker, signal));
  if (said === undefined) return;
  const message = failedCheck({ setting: check.setting, said, secrets: Object.values(stack.secrets) });
  throw new UserError(`${message}\nnothing was changed\n  next: correct the settings of the stack, then npm run up`);
}

/** The files as `docker cp` takes them from its standard input: the secrets among them are on no disk of this machine. */
async function archive(files: readonly TextFile[]): Promise<Buffer> {
  const tar = pack();
  // In the container another user reads them; folders that are missing belong to root and can be entered by all.
  for (const { path, content } of files) tar.entry({ name: path.slice(1), mode: 0o444 }, content);
  tar.finalize();
  return buffer(tar);
}

/** What Docker itself says when it cannot start a container; everything else is the container's own. */
const refusedByDocker = /^Error response from daemon: /m;

/** A run of a part's image that looks over its files. */
interface CheckRun {
  readonly image: string;
  readonly args: readonly string[];
  readonly part: Pick<AnyPart, "host" | "user">;
  readonly stackName: string;
  readonly owner: string;
}

/** What a program says against its configuration; `undefined` if it has nothing against it. */
async function validate(
  files: Buffer,
  { image, args, part: { host, user }, stackName, owner }: CheckRun,
  docker: Docker,
  signal: AbortSignal,
): Promise<string | undefined> {
  // Known before there is one, so that it can be removed whenever the command that makes it is cut off.
  const container = `${stackName}-${host}-look-${randomBytes(6).toString("hex")}`;
  const labels = [`${dockerLabels.owner}=${owner}`, `${dockerLabels.name}=${stackName}`];
  const options = [
    // Gone at its end, even if nobody is left to remove it.
    ...[
      "--rm",
      "--name",
      container,
      "--network",
      "none",
      "--cap-drop",
      "ALL",
      "--user",
      `${user.userId}:${user.groupId}`,
    ],
    ...labels.flatMap((label) => ["--label", label]),
  ];
  try {
    await docker.run(["create", ...options, image, ...args], { signal });
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
