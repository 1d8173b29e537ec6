import { randomInt } from "node:crypto";
import { isFree } from "../../cli/ports.ts";

/**
 * Ports of 127.0.0.1 that nothing listens on, each another one, below those that the system gives to outgoing connections: one of these
 * would take a port before the test does.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const [lowest, highest] = [20_000, 32_000];
  const found = new Set<number>();
  while (found.size < count) {
    const port = randomInt(lowest, highest);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

/** One of {@link freePorts}. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}
