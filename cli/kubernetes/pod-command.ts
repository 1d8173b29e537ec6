import { PassThrough } from "node:stream";
import { Exec, V1Status } from "@kubernetes/client-node";
import { UserError } from "../user-error.ts";
import { oneLine, type Cluster } from "./cluster.ts";

/** How long a command in a pod may take, in milliseconds. */
const patienceMillis = 60_000;

/**
 * Runs a command in a container of a pod, with one line on its standard input.
 *
 * @throws UserError with what the command has written, if it fails.
 */
export async function runInPod(
  { config, namespace }: Cluster,
  pod: string,
  container: string,
  command: readonly string[],
  line: string,
): Promise<void> {
  const input = new PassThrough();
  const output = new PassThrough();
  let said = "";
  output.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = Promise.withResolvers<V1Status>();
  const timer = setTimeout(() => {
    const message = `not ended within ${patienceMillis / 1000} s`;
    ended.resolve(Object.assign(new V1Status(), { status: "Failure", message }));
  }, patienceMillis);
  const stream = await new Exec(config).exec(
    ...[namespace, pod, container],
    [...command],
    output,
    output,
    input,
    false,
    ended.resolve,
  );
  try {
    // Not ended: with the older protocols the end of the input is the end of the connection.
    input.write(`${line}\n`);
    const { status, message } = await ended.promise;
    if (status === "Success") return;
    const why = oneLine(`${message ?? ""} ${said.replaceAll(line, "…")}`);
    throw new UserError(`pod ${pod}: ${command.slice(0, 2).join(" ")} must succeed, got: ${why}\n  next: npm run up`);
  } finally {
    clearTimeout(timer);
    stream.close();
  }
}
