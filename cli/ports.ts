import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { z } from "zod";
import { flatMap } from "./async.ts";
import { codeOf } from "./errors.ts";

/** A port of 127.0.0.1, with the workload that is behind it. */
export interface HostPort {
  readonly hostPort: number;
  readonly workload: string;
}

/** Who has a port. */
export interface PortUse extends HostPort {
  readonly isFree: boolean;
  /** A program that keeps others from having it; `undefined` if it is free, or used by one that may have it. */
  readonly holder: string | undefined;
}

/**
 * Looks who has each port.
 *
 * @param holderOf who listens on one that is not free; `undefined` for one that may have it
 * @default the process, as the system tells it
 */
export function portUses(
  ports: readonly HostPort[],
  holderOf: (port: number) => Promise<string | undefined> = processOn,
): Promise<readonly PortUse[]> {
  return flatMap(ports, async (port) => {
    const free = await isFree(port.hostPort);
    return [{ ...port, isFree: free, holder: free ? undefined : await holderOf(port.hostPort) }];
  });
}

/** A problem for each port that a program listens on; see {@link portUses}. */
export async function takenPorts(
  ports: readonly HostPort[],
  holderOf?: (port: number) => Promise<string | undefined>,
): Promise<readonly string[]> {
  return (await portUses(ports, holderOf)).flatMap((use) => portProblem(use) ?? []);
}

/** What is wrong with a port, `undefined` if nothing is. */
export function portProblem({ hostPort, workload, holder }: PortUse): string | undefined {
  if (holder === undefined) return undefined;
  return `port ${hostPort} (${workload}): must be free, but ${holder} uses it; stop that, or choose another port`;
}

/** Whether a port of 127.0.0.1 can be listened on. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return true;
  } catch (error) {
    if (codeOf(error) === "EADDRINUSE") return false;
    throw error;
  } finally {
    server.close();
  }
}

type FindProcess = (by: "port", port: number) => Promise<unknown>;

/** Asked for by `require`: the package's types do not resolve from an ES module. */
const { default: findProcess } = z
  .object({ default: z.custom<FindProcess>((value) => typeof value === "function") })
  .parse(createRequire(import.meta.url)("find-process"));

const listeners = z.array(z.object({ name: z.string(), pid: z.number() }));

/** The process that listens on a port, as far as the system tells. */
export async function processOn(port: number): Promise<string> {
  const [found] = listeners.parse(await findProcess("port", port));
  return found === undefined ? "a process that this user cannot see" : `${found.name} (process ${found.pid})`;
}
