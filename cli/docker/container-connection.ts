import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { connectionThrough } from "../why/pipe.ts";
import { CommandFailed, type Docker } from "./docker.ts";

/** How long the helper lives at most, in seconds. */
const lifeSeconds = 20;

/**
 * Opens a connection from the network of a container, by a helper that is there for this connection only and ends by
 * itself even if this process is killed.
 *
 * @param image one that is on the machine and has busybox
 */
export function connectFrom(docker: Docker, container: string, image: string, host: string, port: number): Duplex {
  const name = `observability-why-${randomBytes(6).toString("hex")}`;
  const child = docker.start([
    ...["run", "--rm", "--interactive", "--pull", "never", "--name", name, "--network", `container:${container}`],
    ...["--user", "65534:65534", "--cap-drop", "ALL", "--read-only", "--memory", "32m", "--entrypoint", "busybox"],
    ...[image, "timeout", String(lifeSeconds), "busybox", "nc", host, String(port)],
  ]);
  const pipe = { input: child.stdin, output: child.stdout, errors: child.stderr, stop: () => child.stdin.end() };
  const ended = once(child, "close").then(([code]) => code === 0);
  const stream = connectionThrough(pipe, ended);
  stream.once("close", () => {
    void docker.run(["rm", "--force", name]).catch((error: unknown) => {
      // It is gone already, unless the other side has left the connection open.
      if (!(error instanceof CommandFailed)) throw error;
    });
  });
  return stream;
}
