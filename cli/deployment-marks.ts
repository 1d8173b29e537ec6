import { userInfo } from "node:os";
import type { OpMap, Stack, UpdateSummary } from "@pulumi/pulumi/automation/index.js";
import { z } from "zod";
import { deploymentTag } from "../config/names.ts";
import { whyNotReached } from "./errors.ts";
import type { GrafanaClient } from "./grafana-client.ts";
import type { Change, Progress } from "./progress.ts";
import type { CheckResult } from "./verification/checks.ts";

/** A deployment that has ended, as Pulumi's history has it. */
export type EndedUpdate = Pick<
  UpdateSummary,
  "kind" | "startTime" | "endTime" | "result" | "resourceChanges" | "environment"
>;

/** An annotation as Grafana's API takes it (grafana.com/docs/grafana/latest/developers/http_api/annotations). */
interface Annotation {
  /** Milliseconds since 1970, as `timeEnd`. */
  readonly time: number;
  readonly timeEnd: number;
  readonly tags: readonly string[];
  /** Grafana shows it as HTML. */
  readonly text: string;
}

/** How far back a deployment is looked for that was made without this command. */
const pastUpdates = 20;

/** How many resources a mark names of each change. More is said as a number: a first deployment creates them all. */
const namedResources = 12;

const marks = z.array(z.object({ time: z.number() }));

/**
 * Marks on Grafana's dashboards what a deployment has just changed, and what deployments before it have that nobody has
 * marked, plain `pulumi up` among them. Those are marked at their own time, without names.
 *
 * @param grafana `undefined` where there is none: the next one marks it
 * @param changed what this deployment has changed, by name
 * @returns a check that tells it; nothing if there is nothing to mark.
 */
export async function markDeployments(
  stack: Pick<Stack, "name" | "history">,
  grafana: Pick<GrafanaClient, "get" | "post"> | undefined,
  changed: Progress["changed"],
): Promise<CheckResult | undefined> {
  if (grafana === undefined) return undefined;
  const startedMillis = Date.now();
  const name = "mark on the dashboards";
  try {
    const tags = [deploymentTag, `stack:${stack.name}`];
    const query = new URLSearchParams({ type: "annotation", limit: "1" });
    for (const tag of tags) query.append("tags", tag);
    const [newest] = marks.parse(await grafana.get(`/api/annotations?${query.toString()}`));
    const updates = unmarked(await stack.history(pastUpdates, 1, false), newest?.time);
    for (const [index, update] of updates.entries()) {
      const isThisOne = index === updates.length - 1 && changed.length > 0;
      await grafana.post("/api/annotations", annotation(update, tags, isThisOne ? changed : undefined));
    }
    const last = updates.at(-1);
    if (last === undefined) return undefined;
    const detail = updates.length === 1 ? counted(last.resourceChanges) : `${updates.length} deployments`;
    return { name, passed: true, detail, afterMillis: Date.now() - startedMillis };
  } catch (error) {
    return { name, passed: false, cause: whyNotReached(error), next: "npm run up" };
  }
}

/**
 * The deployments to mark, oldest first: those that changed something and began after the newest mark. Where there is no
 * mark yet, Grafana is new: the newest deployment only.
 *
 * @param history newest first
 */
export function unmarked(
  history: readonly EndedUpdate[],
  newestMarkMillis: number | undefined,
): readonly EndedUpdate[] {
  const changing = history.filter(
    ({ kind, result, resourceChanges }) =>
      (kind === "update" || kind === "destroy") &&
      (result === "succeeded" || result === "failed") &&
      changesOf(resourceChanges).length > 0,
  );
  const wanted =
    newestMarkMillis === undefined
      ? changing.slice(0, 1)
      : changing.filter(({ startTime }) => startTime.getTime() > newestMarkMillis);
  return wanted.toReversed();
}

/** The mark of a deployment. @param changed what it changed, by name, where that is known */
export function annotation(
  update: EndedUpdate,
  tags: readonly string[],
  changed: Progress["changed"] | undefined,
): Annotation {
  const { startTime, endTime, result, environment } = update;
  const lines = [
    result === "failed" ? "failed half-way" : "",
    changed === undefined ? counted(update.resourceChanges) : named(changed),
    changed === undefined ? "" : `by ${userInfo().username}`,
    commit(environment),
  ];
  return {
    time: startTime.getTime(),
    timeEnd: endTime.getTime(),
    tags: [...tags, ...(result === "failed" ? ["failed"] : [])],
    text: lines
      .filter((line) => line !== "")
      .map(asHtml)
      .join("<br>"),
  };
}

/** The changes in the order in which they are told. */
const told: readonly Change[] = ["created", "updated", "replaced", "deleted"];

function named(changed: Progress["changed"]): string {
  return told
    .flatMap((change) => {
      const names = changed.filter((one) => one.change === change).map(({ name }) => name);
      if (names.length === 0) return [];
      return [`${change} ${names.length > namedResources ? `${names.length} resources` : names.join(", ")}`];
    })
    .join("; ");
}

function changesOf(changes: OpMap | undefined): readonly (readonly [Change, number])[] {
  const { create = 0, update = 0, replace = 0, delete: deleted = 0 } = changes ?? {};
  const counts: Readonly<Record<Change, number>> = { created: create, updated: update, replaced: replace, deleted };
  return told.map((change) => [change, counts[change]] as const).filter(([, count]) => count > 0);
}

function counted(changes: OpMap | undefined): string {
  return changesOf(changes)
    .map(([change, count]) => `${change} ${count}`)
    .join(", ");
}

/** The commit that was deployed, as Pulumi has found it in the folder of the program; empty outside of git. */
function commit({ "git.head": head, "git.headName": branch, "git.dirty": dirty }: EndedUpdate["environment"]): string {
  if (head === undefined) return "";
  const name = branch === undefined || branch === "HEAD" ? "" : ` on ${branch.replace(/^refs\/heads\//, "")}`;
  return `commit ${head.slice(0, 12)}${name}${dirty === "true" ? ", with changes that are not committed" : ""}`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text of others, the names of branches among them, as HTML shows it. */
function asHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}
