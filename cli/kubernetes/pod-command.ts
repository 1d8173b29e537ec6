import { PassThrough } from "node:stream";
import { Exec, V1Status } from "@kubernetes/client-node";
import { messageOf } from "../errors.ts";
import { oneLine } from "../text.ts";
import { UserError } from "../user-error.ts";
import type { Cluster } from "./cluster.ts";
import type { ContainerLog } from "./pod-log.ts";

/** How long a command in a pod may take, in milliseconds. */
const defaultPatienceMillis = 60_000;

/**
 * Runs a command in a container of a pod.
 *
 * @param line for its standard input, never shown
 * @throws UserError with what the command has written, if it fails or takes longer than `patienceMillis`.
 */
export async function runInPod(
  { config, namespace }: Cluster,
  { pod, container }: Pick<ContainerLog, "pod" | "container">,
  command: readonly string[],
  line: string,
  patienceMillis = defaultPatienceMillis,
): Promise<void> {
  const input = new PassThrough();
  const output = new PassThrough();
  let said = "";
  output.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = Promise.withResolvers<V1Status>();
  const fail = (message: string): void => {
    ended.resolve(Object.assign(new V1Status(), { status: "Failure", message }));
  };
  const timer = setTimeout(() => {
    fail(`not ended within ${patienceMillis / 1000} s`);
  }, patienceMillis);
  try {
    const stream = await new Exec(config).exec(
      ...[namespace, pod, container],
      [...command],
      output,
      output,
      input,
      false,
      ended.resolve,
    );
    stream.onclose = () => {
      fail("the connection has ended before it");
    };
    // Not ended: with the older protocols the end of the input is the end of the connection.
    input.write(`${line}\n`);
    await ended.promise;
    stream.close();
  } catch (error) {
    fail(messageOf(error));
  } finally {
    clearTimeout(timer);
  }
  const { status, message } = await ended.promise;
  if (status === "Success") return;
  const why = oneLine(`${message ?? ""} ${said.replaceAll(line, "…")}`);
  throw new UserError(`pod ${pod}: ${command.slice(0, 2).join(" ")} must succeed, got: ${why}\n  next: npm run up`);
}
