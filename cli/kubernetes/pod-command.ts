import { PassThrough, Writable } from "node:stream";
import { Exec, V1Status } from "@kubernetes/client-node";
import { messageOf } from "../errors.ts";
import { oneLine } from "../text.ts";
import { UserError } from "../user-error.ts";
import type { Pipe } from "../why/pipe.ts";
import type { Cluster } from "./cluster.ts";

/** How long a command in a pod may take, in milliseconds. */
const defaultPatienceMillis = 60_000;

/** A container of a pod. */
export interface PodContainer {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** A command that runs in a container. */
export interface RunningCommand {
  readonly pipe: Pipe;
  /** How it has ended; a failure with a message as well if the connection to it ends before it. */
  readonly ended: Promise<V1Status>;
}

/** What stands in front of a message that is for a command's standard input. */
const inputChannel = Buffer.from([0]);

/**
 * Starts a command in a container. It is read, and given more, no faster than the other end takes it; the end of its input is
 * not told, since with the older protocols that is the end of the connection.
 *
 * @throws whatever has kept the API server from starting it.
 */
export async function startInPod(
  { config }: Cluster,
  { namespace, pod, container }: PodContainer,
  command: readonly string[],
): Promise<RunningCommand> {
  const [output, errors] = [new PassThrough(), new PassThrough()];
  const ended = Promise.withResolvers<V1Status>();
  const socket = await new Exec(config).exec(
    ...[namespace, pod, container],
    [...command],
    output,
    errors,
    // It asks for an input; what the library is given by it, it sends without waiting.
    new PassThrough(),
    false,
    ended.resolve,
  );
  socket.onclose = () => {
    ended.resolve(failure("the connection has ended before it"));
  };
  // Nor does the library wait where it hands on what comes.
  socket.on("message", () => {
    if (!output.writableNeedDrain) return;
    socket.pause();
    output.once("drain", () => {
      socket.resume();
    });
  });
  const input = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      socket.send(Buffer.concat([inputChannel, chunk]), (error) => {
        // Why it cannot be sent, the end says.
        if (error instanceof Error)
          void ended.promise.then(({ message }) => {
            done(new Error(message ?? error.message));
          });
        else done();
      });
    },
  });
  const stop = (): void => {
    // Who does not read does not see that the other end closes it as well.
    socket.resume();
    socket.close();
  };
  return { pipe: { input, output, errors, stop }, ended: ended.promise };
}

/** The end of a command that was not told by Kubernetes. */
function failure(message: string): V1Status {
  return Object.assign(new V1Status(), { status: "Failure", message });
}

/** How a command has ended, and what it has written, errors included. */
export interface EndedCommand {
  /** Why it has failed; `undefined` if it has succeeded. */
  readonly failed: string | undefined;
  readonly said: string;
}

/** Runs a command in a container. @param line for its standard input */
export async function endedInPod(
  cluster: Cluster,
  at: PodContainer,
  command: readonly string[],
  line: string,
  patienceMillis: number,
): Promise<EndedCommand> {
  let said = "";
  const late = Promise.withResolvers<V1Status>();
  const timer = setTimeout(() => {
    late.resolve(failure(`not ended within ${patienceMillis / 1000} s`));
  }, patienceMillis);
  const listen = (chunk: Buffer): void => {
    said += chunk.toString();
  };
  const started = startInPod(cluster, at, command);
  try {
    const run = started.then(({ pipe: { input, output, errors }, ended }) => {
      output.on("data", listen);
      errors.on("data", listen);
      // That it takes none any more is told by its end.
      input.on("error", () => undefined).write(`${line}\n`);
      return ended;
    });
    const { status, message } = await Promise.race([run, late.promise]);
    return { failed: status === "Success" ? undefined : (message ?? ""), said };
  } catch (error) {
    return { failed: messageOf(error), said };
  } finally {
    clearTimeout(timer);
    // It may begin only after it was given up.
    started.then(
      ({ pipe }) => {
        pipe.stop();
      },
      () => undefined,
    );
  }
}

/**
 * Runs a command in a container of a pod of the stack.
 *
 * @param line for its standard input, never shown
 * @throws UserError with what the command has written, if it fails or takes longer than `patienceMillis`.
 */
export async function runInPod(
  cluster: Cluster,
  at: Omit<PodContainer, "namespace">,
  command: readonly string[],
  line: string,
  patienceMillis = defaultPatienceMillis,
): Promise<void> {
  const container = { ...at, namespace: cluster.namespace };
  const { failed, said } = await endedInPod(cluster, container, command, line, patienceMillis);
  if (failed === undefined) return;
  const why = oneLine(`${failed} ${said.replaceAll(line, "…")}`);
  throw new UserError(
    "OBS1309",
    `pod ${at.pod}: ${command.slice(0, 2).join(" ")} must succeed, got: ${why}\n  next: npm run up`,
  );
}
