import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Writable } from "node:stream";
import { PortForward, type V1Pod, type V1Service } from "@kubernetes/client-node";
import { z } from "zod";
import { localPortsAnnotation, objectLabels } from "../../config/names.ts";
import { isFree, processOn } from "../ports.ts";
import type { Say } from "../target.ts";
import { UserError } from "../user-error.ts";
import { messageOf, oneLine, type Cluster } from "./cluster.ts";
import { ofStack } from "./labels.ts";
import { podsOf } from "./observe.ts";

/** A port of a workload that has one on the user's machine. */
export interface LocalPort {
  readonly workload: string;
  /** Port of the pod. */
  readonly port: number;
  readonly localPort: number;
}

const localPorts = z.record(z.string(), z.number());

/** The ports that the Services of a stack say have one on the user's machine. */
export async function localPortsOf(cluster: Cluster, stackName: string): Promise<readonly LocalPort[]> {
  const { core, namespace } = cluster;
  const { items } = await cluster.ask(() =>
    core.listNamespacedService({ namespace, labelSelector: ofStack(stackName) }),
  );
  return items.flatMap(portsOfService);
}

function portsOfService({ metadata, spec }: V1Service): readonly LocalPort[] {
  const annotation = metadata?.annotations?.[localPortsAnnotation];
  if (annotation === undefined) return [];
  const workload = metadata?.labels?.[objectLabels.workload] ?? metadata?.name ?? "";
  const wanted = localPorts.parse(JSON.parse(annotation));
  return Object.entries(wanted).map(([name, localPort]) => {
    const found = spec?.ports?.find((port) => port.name === name);
    // The program gives a Service the ports of its pods.
    if (found === undefined) throw new Error(`service ${workload}: has no port ${name}, which its annotation names`);
    return { workload, port: found.port, localPort };
  });
}

/** A local port that leads into the cluster until it is closed. */
export interface Forward {
  readonly localPort: number;
  readonly close: () => Promise<void>;
}

/**
 * Listens on 127.0.0.1 and hands each connection to the pod of the workload that is ready at that moment, so that a pod
 * that is replaced is followed.
 *
 * @param localPort 0 for any that is free
 * @param say told when a connection cannot be handed on, once for each reason
 */
export async function forward(
  cluster: Cluster,
  stackName: string,
  { workload, port }: LocalPort,
  localPort: number,
  say: Say,
): Promise<Forward> {
  const sockets = new Set<Socket>();
  let trouble = "";
  const tell = (problem: string): void => {
    if (problem !== trouble) say(`${workload}: ${problem}`);
    trouble = problem;
  };
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    // Whoever has called is gone; the other side is told by the end of the connection.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    void connect(cluster, { stackName, workload, port }, socket, tell).then((isConnected) => {
      if (isConnected) trouble = "";
    });
  });
  server.listen(localPort, "127.0.0.1");
  await once(server, "listening");
  return {
    localPort: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Connects a socket to the port of a workload's pod; `false` if that cannot be done, and it is said why. */
async function connect(
  cluster: Cluster,
  { stackName, workload, port }: { readonly stackName: string; readonly workload: string; readonly port: number },
  socket: Socket,
  tell: (problem: string) => void,
): Promise<boolean> {
  const { config, namespace } = cluster;
  // The pod says so when it cannot be connected to, for instance while its process starts.
  const refusals = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      // The library hands on the beginning of the stream as well, which has no text.
      if (chunk.length > 0) {
        tell(oneLine(chunk.toString()));
        socket.destroy();
      }
      done();
    },
  });
  try {
    const pods = await podsOf(cluster, stackName, workload);
    const pod = pods.find(isReady);
    if (pod === undefined) throw new UserError(pods.length === 0 ? "no pod runs" : "no pod is ready");
    const opened = await new PortForward(config).portForward(
      namespace,
      pod.metadata?.name ?? "",
      [port],
      socket,
      refusals,
      socket,
    );
    const stream = typeof opened === "function" ? opened() : opened;
    if (stream === null || socket.destroyed) {
      stream?.close();
      return false;
    }
    stream.onclose = () => {
      socket.end();
    };
    // After the opening it says why the connection ends.
    stream.onerror = (error) => {
      tell(oneLine(messageOf(error)));
    };
    socket.on("close", () => {
      stream.close();
    });
    return true;
  } catch (error) {
    tell(oneLine(messageOf(error).split("\n", 1)[0] ?? ""));
    socket.destroy();
    return false;
  }
}

/** Whether a pod can be talked to. */
export function isReady({ metadata, status }: V1Pod): boolean {
  if (metadata?.deletionTimestamp !== undefined) return false;
  return status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") === true;
}

/** @throws UserError with every port that is taken, and by whom. */
export async function checkLocalPorts(ports: readonly LocalPort[]): Promise<void> {
  const problems = await Promise.all(
    ports.map(async ({ localPort, workload }) => {
      if (await isFree(localPort)) return [];
      const owner = await processOn(localPort);
      return [`port ${localPort} (${workload}): must be free, but ${owner} uses it; stop that, or choose another port`];
    }),
  );
  if (problems.flat().length === 0) return;
  throw new UserError([...problems.flat(), "  next: solve this, then npm run open"].join("\n"));
}
