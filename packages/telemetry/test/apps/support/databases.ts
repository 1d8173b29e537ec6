import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A server of a test, with a folder of its own. */
export interface Server {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Starts a PostgreSQL of this machine. It refuses to be root: then it runs as the user nobody. */
export async function startPostgres(): Promise<Server> {
  const [binaries] = globSync("/usr/lib/postgresql/*/bin");
  if (binaries === undefined) {
    throw new Error("PostgreSQL: must be installed, got no /usr/lib/postgresql; apt-get install postgresql");
  }
  const folder = mkdtempSync(join(tmpdir(), "telemetry-postgres-"));
  chmodSync(folder, 0o777);
  const asNobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"];
  const [command = "", ...prefix] = process.getuid?.() === 0 ? asNobody : ["env"];
  const data = join(folder, "data");
  execFileSync(command, [...prefix, join(binaries, "initdb"), "-D", data, "-A", "trust", "-U", "app"]);
  const port = await freePort();
  const settings = ["-D", data, "-p", String(port), "-k", folder, "-h", "127.0.0.1"];
  const child = spawn(command, [...prefix, join(binaries, "postgres"), ...settings], { stdio: "ignore" });
  await listening(port);
  return { url: `postgres://app@127.0.0.1:${port}/postgres`, stop: stopper(child, folder) };
}

/** Starts a Redis of this machine that keeps nothing. */
export async function startRedis(): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), "telemetry-redis-"));
  const port = await freePort();
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder];
  const child = spawn("redis-server", settings, { stdio: "ignore" });
  await listening(port);
  return { url: `redis://127.0.0.1:${port}`, stop: stopper(child, folder) };
}

function stopper(child: ChildProcess, folder: string): () => Promise<void> {
  return async () => {
    const ended = once(child, "exit");
    // For PostgreSQL: at once, without waiting for its clients.
    child.kill("SIGINT");
    await ended;
    rmSync(folder, { recursive: true });
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const connected = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => {
        resolve(true);
      });
      socket.once("error", () => {
        resolve(false);
      });
    });
    socket.destroy();
    if (connected) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
