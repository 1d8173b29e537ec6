import { spawn } from "node:child_process";
import { once } from "node:events";
import { z } from "zod";
import type { Stream } from "./fake-api-server.ts";

/*
 * The pod's end of a connection in the protocol v4.channel.k8s.io: each message begins with the number of its channel.
 */

const message = z.instanceof(Buffer);

/** Text on a channel. */
function framed(channel: number, text: string): Buffer {
  return Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);
}

/** A port of a pod that answers what comes, and keeps the connection open. */
export function listeningPort(answer: (text: string) => string): Stream {
  return (socket, parameters) => {
    const port = Buffer.alloc(2);
    port.writeUInt16LE(Number(parameters.get("ports")));
    // Data and errors have a channel each, which begins with the port.
    for (const channel of [0, 1]) socket.send(Buffer.concat([Buffer.from([channel]), port]));
    socket.on("message", (data) => {
      socket.send(framed(0, answer(message.parse(data).subarray(1).toString())));
    });
  };
}

/** A port of a pod that nobody listens on. */
export function closedPort(problem: string): Stream {
  return (socket, parameters) => {
    listeningPort(() => "")(socket, parameters);
    socket.send(framed(1, problem));
  };
}

/** A command that reads one line, writes something, and ends with a status; without one it goes on for ever. */
export function podCommand(run: (line: string, command: readonly string[]) => PodAnswer): Stream {
  return (socket, parameters) => {
    socket.once("message", (data) => {
      const {
        output,
        errors = "",
        status,
      } = run(message.parse(data).subarray(1).toString(), parameters.getAll("command"));
      if (output !== "") socket.send(framed(1, output));
      if (errors !== "") socket.send(framed(2, errors));
      if (status === "gone") socket.close();
      else if (status !== "endless") socket.send(framed(3, JSON.stringify(status)));
    });
  };
}

/** What a connection makes of a message on its way; nothing for one that it loses. */
export type Way = (channel: number, content: Buffer) => Buffer | undefined;

/**
 * A command that is run on this machine, in a folder, until the connection ends.
 *
 * @param folder is asked for when it begins
 */
export function localCommand(
  folder: () => string,
  env: NodeJS.ProcessEnv,
  way: Way = (_channel, content) => content,
): Stream {
  return (socket, parameters) => {
    const [name = "", ...args] = parameters.getAll("command");
    // Apart, so that it can be ended with all that it has started.
    const child = spawn(name, args, { cwd: folder(), env, detached: true });
    const send = (channel: number, bytes: Buffer): void => {
      const content = way(channel, bytes);
      if (content !== undefined) socket.send(Buffer.concat([Buffer.from([channel]), content]));
    };
    child.stdout.on("data", (bytes: Buffer) => {
      send(1, bytes);
    });
    child.stderr.on("data", (bytes: Buffer) => {
      send(2, bytes);
    });
    child.stdin.on("error", () => undefined);
    socket.on("message", (data) => {
      const content = way(0, message.parse(data).subarray(1));
      if (content !== undefined) child.stdin.write(content);
    });
    socket.on("close", () => {
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    });
    void once(child, "close").then(([code]) => {
      socket.send(framed(3, JSON.stringify(code === 0 ? succeeded : failedWith(Number(code)))));
    });
  };
}

/** What a command in a pod does. */
export interface PodAnswer {
  readonly output: string;
  /** What it writes on standard error. */
  readonly errors?: string;
  /** Kubernetes' own words for the end of a command; `gone` if the connection ends without one. */
  readonly status: object | "gone" | "endless";
}

/** The end of a command that has succeeded. */
export const succeeded = { metadata: {}, status: "Success" };

/** The end of a command that has failed, as the API server tells it. */
export function failedWith(exitCode: number): object {
  return {
    metadata: {},
    status: "Failure",
    reason: "NonZeroExitCode",
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    details: { causes: [{ reason: "ExitCode", message: String(exitCode) }] },
  };
}

/** A pod of a workload as the API server has it. */
export function podOf(
  workload: string,
  name: string,
  more: { readonly isReady: boolean; readonly status?: object },
): object {
  const { isReady, status } = more;
  return {
    metadata: { name, uid: name, labels: { "app.kubernetes.io/name": workload } },
    spec: { containers: [{ name: workload }] },
    status: { conditions: [{ type: "Ready", status: isReady ? "True" : "False" }], ...status },
  };
}

/** A Service of a workload that has ports on the user's machine. */
export function serviceOf(workload: string, port: number, localPorts: Readonly<Record<string, number>>): object {
  return {
    metadata: {
      name: workload,
      labels: { "app.kubernetes.io/name": workload },
      annotations: { "observability/local-ports": JSON.stringify(localPorts) },
    },
    spec: { ports: [{ name: "http", port }] },
  };
}
