import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { dataScriptName, dataVolumeName, dockerLabels } from "../../config/names.ts";
import { abortOf } from "../async.ts";
import type { Store } from "../backup/store.ts";
import type { DataStreams } from "../target.ts";
import { oneLine } from "../text.ts";
import { CommandFailed, type Docker } from "./docker.ts";

/** How much of what a script says is kept. */
const mostSaid = 4096;

/** Memory of the container, in MiB: it reads one file after the other. */
const memoryMib = 64;

/** Whose volume a script runs in. */
export interface VolumeOwner {
  /** The setting `name`, and the owner as labels have it. */
  readonly stackName: string;
  readonly owner: string;
  /** An image of the stack's that has busybox: no other has to be there. */
  readonly image: string;
}

/**
 * Runs a script in a volume, by a container that is there for it only. It carries the labels of the stack, so the next
 * `npm run up` removes what a killed command has left of it.
 *
 * @throws Error with what the script has written, or the reason of the signal
 */
export async function runInVolume(
  docker: Docker,
  { stackName, owner, image }: VolumeOwner,
  { part, data }: Store,
  script: string,
  { input, output, signal }: DataStreams,
): Promise<void> {
  signal?.throwIfAborted();
  const name = `${stackName}-${dataScriptName(part.host)}-${randomBytes(6).toString("hex")}`;
  const { userId, groupId } = part.user;
  const child = docker.start(
    [
      ...["run", "--rm", "--interactive", "--pull", "never", "--name", name, "--network", "none"],
      ...["--label", `${dockerLabels.owner}=${owner}`, "--label", `${dockerLabels.name}=${stackName}`],
      ...["--user", `${userId}:${groupId}`, "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only"],
      ...["--memory", `${memoryMib}m`, "--volume", `${dataVolumeName(stackName, data.volume)}:${data.path}`],
      ...["--workdir", data.path, "--entrypoint", "busybox", image, "sh", "-c", script],
    ],
    true,
  );
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => (said = `${said}${bytes.toString()}`.slice(-mostSaid)));
  const ended = once(child, "close") as Promise<[number | null]>;
  const fed = pipeline(input ?? Readable.from([]), child.stdin);
  const taken = output === undefined ? Promise.resolve(child.stdout.resume()) : pipeline(child.stdout, output);
  // Whatever ends it early must not leave the script running on the data.
  const streams = await Promise.race([Promise.all([fed, taken, ended]), abortOf(signal)]).catch(
    async (error: unknown) => {
      // It may be created only after it was looked for.
      do await removeContainer(docker, name);
      while (!(await Promise.race([ended.then(() => true), sleep(500, false)])));
      return error;
    },
  );
  const [code] = await ended;
  // What a signal has ended is `docker`, and not the container.
  if (code === null) await removeContainer(docker, name);
  signal?.throwIfAborted();
  if (code !== 0) throw new Error(said.trim() === "" ? `it has ended with ${String(code)}` : oneLine(said));
  if (streams instanceof Error) throw streams;
}

async function removeContainer(docker: Docker, name: string): Promise<void> {
  try {
    await docker.runApart(["rm", "--force", name]);
  } catch (error) {
    // It has ended by itself and is gone.
    if (!(error instanceof CommandFailed)) throw error;
  }
}
