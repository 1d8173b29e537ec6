import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { serviceNames, type ServiceName } from "../../shared/destinations.ts";

/** A service that runs as a process of its own. */
export interface Member {
  readonly url: string;
  readonly process: ChildProcess;
  /** What it wrote to stdout, one JSON text a line. */
  readonly lines: readonly string[];
}

/** All services on 127.0.0.1. */
export type Fleet = Readonly<Record<ServiceName, Member>>;

/** Starts the services from a bundle and waits until they are ready. */
export async function startFleet(mainPath: string, env: Readonly<Record<string, string>>): Promise<Fleet> {
  const ports = await freePorts(serviceNames.length);
  const peers = serviceNames.map((name, index) => `${name}=http://127.0.0.1:${ports[index] ?? 0}`).join(",");
  const members = serviceNames.map((name, index) => {
    const own = { PORT: String(ports[index]), PEERS: peers, OTEL_SERVICE_NAME: `integr8scode-${name}` };
    return [name, startMember(mainPath, name, { ...env, ...own })] as const;
  });
  const fleet = Object.fromEntries(members) as Fleet;
  const isReady = ({ lines }: Member): boolean => lines.some((line) => line.includes("is ready"));
  try {
    await until("all services are ready", () => Object.values(fleet).every(isReady));
  } catch (error) {
    await stopFleet(fleet);
    throw error;
  }
  return fleet;
}

/** Stops what still runs. */
export async function stopFleet(fleet: Fleet): Promise<void> {
  const running = Object.values(fleet).filter(
    ({ process }) => process.exitCode === null && process.signalCode === null,
  );
  await Promise.all(
    running.map(async ({ process }) => {
      process.kill("SIGKILL");
      await once(process, "exit");
    }),
  );
}

/** Waits for something to become true. @throws Error after 8 s */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 8_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`gave up waiting until ${what}`);
    await sleep(10);
  }
}

function startMember(mainPath: string, name: ServiceName, env: Readonly<Record<string, string>>): Member {
  const child = spawn(process.execPath, [mainPath, name], { env, stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  return { url: `http://127.0.0.1:${env["PORT"] ?? ""}`, process: child, lines };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(async (server) => once(server.close(), "close")));
  return ports;
}
