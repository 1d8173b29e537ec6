import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Writable } from "node:stream";
import { PortForward, type V1Service } from "@kubernetes/client-node";
import { z } from "zod";
import { localPortsAnnotation, objectLabels } from "../../config/names.ts";
import { messageOf } from "../errors.ts";
import { takenPorts, type HostPort } from "../ports.ts";
import type { Say } from "../target.ts";
import { firstLine, oneLine } from "../text.ts";
import { UserError } from "../user-error.ts";
import type { Cluster } from "./cluster.ts";
import { isPodReady, podsOf } from "./workloads.ts";

/** A port of the user's machine that leads to a pod. */
export interface ForwardedPort extends HostPort {
  /** Port of the pod. */
  readonly port: number;
}

const localPorts = z.record(z.string(), z.number());

/** The ports that `npm run open` forwards, as the annotations of the stack's Services say. */
export async function forwardedPorts(cluster: Cluster): Promise<readonly ForwardedPort[]> {
  const { items } = await cluster.ask(cluster.core.listNamespacedService(cluster.selection()));
  return items.flatMap(portsOfService);
}

function portsOfService({ metadata, spec }: V1Service): readonly ForwardedPort[] {
  const annotation = metadata?.annotations?.[localPortsAnnotation];
  if (annotation === undefined) return [];
  const workload = metadata?.labels?.[objectLabels.workload] ?? metadata?.name ?? "";
  const wanted = localPorts.parse(JSON.parse(annotation));
  return Object.entries(wanted).map(([name, hostPort]) => {
    const found = spec?.ports?.find((port) => port.name === name);
    // The program gives a Service the ports of its pods.
    if (found === undefined) throw new Error(`service ${workload}: has no port ${name}, which its annotation names`);
    return { workload, port: found.port, hostPort };
  });
}

/** A port of the user's machine that leads into the cluster until it is closed. */
export interface Forward {
  readonly hostPort: number;
  readonly close: () => Promise<void>;
}

/**
 * Listens on 127.0.0.1 and hands each connection to the pod of the workload that is ready at that moment, so that a pod
 * that is replaced is followed.
 *
 * @param hostPort 0 for any that is free
 * @param say is given the reason when a connection cannot be handed on, once for each reason
 */
export async function forward(
  cluster: Cluster,
  { workload, port, hostPort }: ForwardedPort,
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
    void connect(cluster, workload, port, socket, tell).then((isConnected) => {
      if (isConnected) trouble = "";
    });
  });
  server.listen(hostPort, "127.0.0.1");
  await once(server, "listening");
  return {
    hostPort: (server.address() as AddressInfo).port,
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
  workload: string,
  port: number,
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
    const pods = await podsOf(cluster, workload);
    const pod = pods.find(isPodReady);
    if (pod === undefined) throw new UserError("OBS1309", pods.length === 0 ? "no pod runs" : "no pod is ready");
    const name = pod.metadata?.name ?? "";
    const opened = await new PortForward(config).portForward(namespace, name, [port], socket, refusals, socket);
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
    tell(firstLine(messageOf(error)));
    socket.destroy();
    return false;
  }
}

/** @throws UserError with every port that is taken, and by whom. */
export async function checkForwardedPorts(ports: readonly ForwardedPort[]): Promise<void> {
  const problems = await takenPorts(ports);
  if (problems.length > 0)
    throw new UserError("OBS1104", [...problems, "  next: solve this, then npm run open"].join("\n"));
}
