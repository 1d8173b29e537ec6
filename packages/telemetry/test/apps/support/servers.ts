import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

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
  const stop = await start(command, [...prefix, join(binaries, "postgres"), ...settings], port, folder);
  return { url: `postgres://app@127.0.0.1:${port}/postgres`, stop };
}

/** Starts a Redis of this machine that keeps nothing. */
export async function startRedis(): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), "telemetry-redis-"));
  const port = await freePort();
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder];
  return { url: `redis://127.0.0.1:${port}`, stop: await start("redis-server", settings, port, folder) };
}

/**
 * Starts an Apache Kafka of one broker with the Java of this machine. Maven brings it, from where the machine's settings say.
 *
 * @returns its address is `host:port`, as Kafka's clients want it
 */
export async function startKafka(): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), "telemetry-kafka-"));
  const libraries = join(folder, "lib");
  const pom = join(import.meta.dirname, "kafka/pom.xml");
  const copying = ["dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${libraries}`];
  await run("mvn", ["--batch-mode", "--quiet", "--file", pom, ...copying]);
  const [port, controllerPort] = [await freePort(), await freePort()];
  const url = `127.0.0.1:${port}`;
  const settings = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    "controller.listener.names": "CONTROLLER",
    listeners: `PLAINTEXT://${url},CONTROLLER://127.0.0.1:${controllerPort}`,
    "log.dirs": join(folder, "data"),
    // There is one broker to keep a copy, and one consumer to wait for.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
  };
  const file = join(folder, "server.properties");
  writeFileSync(
    file,
    Object.entries(settings).reduce((text, [key, value]) => `${text}${key}=${value}\n`, ""),
  );
  const java = ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-cp", `${libraries}/*`];
  const clusterId = Buffer.from("observability-kf").toString("base64url");
  await run("java", [...java, "kafka.tools.StorageTool", "format", "--cluster-id", clusterId, "--config", file]);
  return { url, stop: await start("java", [...java, "kafka.Kafka", file], port, folder) };
}

/**
 * Starts a program and waits until it listens on its port of 127.0.0.1.
 *
 * @returns what ends it, and removes its folder
 */
async function start(
  command: string,
  args: readonly string[],
  port: number,
  folder: string,
): Promise<() => Promise<void>> {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error(`${command}: must listen on port ${port}, got its end: ${stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
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

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
