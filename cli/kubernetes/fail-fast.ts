import pWaitFor from "p-wait-for";
import type { Say } from "../target.ts";
import { firstLine } from "../text.ts";
import { UserError } from "../user-error.ts";
import type { Cluster } from "./cluster.ts";
import { causes, keysOf, type Cause } from "./pod-failures.ts";
import { logLines } from "./pod-log.ts";
import { snapshotOf } from "./workloads.ts";

/** Time between two looks at the pods, in milliseconds. */
const intervalMillis = 2_000;

/** How many of the last lines of a failing container are shown: a message has ten lines at most. */
const shownLines = 4;

/** Whose pods are looked at, and how their failure is told. */
export interface FailFastArgs {
  readonly cluster: Cluster;
  /** Texts that are not to be shown, wherever they occur in a log. */
  readonly secrets: readonly string[];
  /** The command that shows an instance's log. */
  readonly logCommand: (instance: string) => string;
  readonly say: Say;
}

/**
 * Runs an action that creates pods or waits for them, and ends it by the signal as soon as a pod fails in a way that
 * waiting does not change. What failed before the action does not count: it may be there to repair just that.
 *
 * @throws UserError with the pod, the reason, its last lines and the next command.
 */
export async function failFast<Result>(
  args: FailFastArgs,
  action: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { cluster, say } = args;
  const before = await snapshotOf(cluster);
  const ignored = keysOf(before);
  const stopped = new AbortController();
  const failed = new AbortController();
  let trouble = "";
  const look = async (without: ReadonlySet<string>): Promise<boolean> => {
    try {
      const [first, ...others] = causes(await snapshotOf(cluster), Date.now(), without);
      if (first === undefined) return false;
      failed.abort(await failure(args, first, others));
      return true;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      // The deployment may still succeed.
      const problem = firstLine(error.message);
      if (problem !== trouble) say(`the pods cannot be read: ${problem}`);
      trouble = problem;
      return false;
    }
  };
  const looking = pWaitFor(() => look(ignored), { interval: intervalMillis, signal: stopped.signal }).catch(
    (error: unknown) => {
      if (!stopped.signal.aborted) failed.abort(error);
    },
  );
  try {
    const result = await action(failed.signal);
    failed.signal.throwIfAborted();
    return result;
  } catch (error) {
    // A deployment ends at once with a job that has failed, and says less of it than the job's pod. A pod that failed
    // before the deployment, and still does, is what the deployment could not repair.
    const isFailure = error instanceof UserError && error.exitCode === 1;
    if (isFailure && !failed.signal.aborted) await look(keysOf({ ...before, pods: [] }));
    throw failed.signal.aborted ? failed.signal.reason : error;
  } finally {
    stopped.abort();
    await looking;
  }
}

/** The error for a pod that fails. */
async function failure(
  { cluster, secrets, logCommand }: FailFastArgs,
  { instance, where, reason, message, next, log, code = "OBS1309" }: Cause,
  others: readonly Cause[],
): Promise<UserError> {
  const more = others.map((other) => `${other.instance} is ${other.reason}`).join(", ");
  const lines = log === undefined ? "" : await logLines(cluster, log, shownLines);
  const said = secrets.reduce((text, secret) => text.replaceAll(secret, "[secret]"), lines);
  const about = where === instance ? instance : `${instance} (${where})`;
  return new UserError(
    code,
    [
      `${about} is ${reason}: ${message}`,
      ...(more === "" ? [] : [`also: ${more}`]),
      ...(said === "" ? [] : [`its last lines:\n${said}`]),
      "what was done so far is kept",
      `  next: ${next}${log === undefined ? "" : `; or see more: ${logCommand(instance)}`}`,
    ].join("\n"),
  );
}
