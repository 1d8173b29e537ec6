import { hostname } from "node:os";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Stack, Workspace } from "@pulumi/pulumi/automation/index.js";
import { z } from "zod";
import { once } from "./async.ts";
import { isRunning } from "./processes.ts";
import { projectName } from "./project.ts";
import { resourceName } from "../config/urn.ts";
import { deploymentSchema, type KnownState, type OtherStack, stateFolder } from "./state.ts";
import type { Say, Target } from "./target.ts";
import { UserError } from "./user-error.ts";

/*
 * What an interrupted run leaves behind, and how the next one goes on from there. Only what carries the label of this
 * very stack is ever removed, never data, and never what is in the state.
 */

/** As much of a stack as the recovery needs. */
export type RecoveredStack = Pick<Stack, "name" | "cancel" | "exportStack" | "importStack"> & {
  readonly workspace: Pick<Workspace, "listStacks" | "exportStack">;
};

/** What is left of a stack after an interrupted run. */
export interface Recovered {
  readonly state: KnownState;
  /** Names of what holds data of the stack and is not in the state: of a deployment whose state is lost. */
  readonly leftData: readonly string[];
}

/**
 * Clears what an interrupted run left of the stack in the state and at its target, and says what it does.
 *
 * @throws UserError if the stack is locked, or its state belongs to another target.
 */
export async function recover(stack: RecoveredStack, target: Target, say: Say): Promise<Recovered> {
  await releaseLock(stack, say);
  const exported = await stack.exportStack();
  const deployment = deploymentSchema.parse(exported.deployment);
  const pending = deployment.pending_operations ?? [];
  const state: KnownState = {
    resources: deployment.resources ?? [],
    cutOff: pending.filter(({ type }) => type === "creating").map(({ resource }) => resource),
    others: once(() => otherStacks(stack)),
  };
  const foreign = state.resources.find(({ type }) => target.foreignTypes.test(type));
  if (foreign !== undefined) {
    throw new UserError(
      "OBS1010",
      `the stack ${stack.name} runs on another target than observability:target says (it has ${foreign.type}); a stack keeps its target\n` +
        `  next: put observability:target back in Pulumi.${stack.name}.yaml, and use another stack for the other target: npm run up -- --stack NAME`,
    );
  }
  for (const { type, resource: cut } of pending) {
    say(`${resourceName(cut.urn)} was cut off while ${type}; looking at what is there`);
  }
  const leftData = await target.recover(state, say);
  // Pulumi does not go on while it does not know how an operation ended. What it may have made was looked for.
  if (pending.length > 0) {
    const forgotten = { ...(exported.deployment as object), pending_operations: [] };
    await stack.importStack({ ...exported, deployment: forgotten });
  }
  return { state, leftData };
}

/** The resources of a stack as its state has them now. */
export async function resourcesOf(stack: Pick<Stack, "exportStack">): Promise<KnownState["resources"]> {
  return resourcesIn(await stack.exportStack());
}

function resourcesIn({ deployment }: Awaited<ReturnType<Stack["exportStack"]>>): KnownState["resources"] {
  return deploymentSchema.parse(deployment).resources ?? [];
}

async function otherStacks({ name, workspace }: RecoveredStack): Promise<readonly OtherStack[]> {
  const others = (await workspace.listStacks()).filter((stack) => stack.name !== name);
  return Promise.all(
    others.map(async (other) => {
      try {
        const exported = await workspace.exportStack(other.name);
        return { stack: other.name, resources: resourcesIn(exported) };
      } catch (error) {
        // Its message has all that Pulumi printed. That includes the state, which holds secrets.
        throw new UserError(
          "OBS1405",
          `the stack ${other.name} may own some of the objects that carry only the name of the stack ${name}, and its state cannot be read\n` +
            `  next: see why: npm run pulumi -- stack export --stack ${other.name}`,
          { cause: error },
        );
      }
    }),
  );
}

const lockFile = z.object({ pid: z.number(), hostname: z.string(), timestamp: z.string() });

/** A run that was killed leaves its lock. @throws UserError if its process still runs, or may on another machine. */
async function releaseLock(stack: RecoveredStack, say: Say): Promise<void> {
  const folder = join(stateFolder, ".pulumi", "locks", "organization", projectName, stack.name);
  // Each lock has a file of attributes beside it.
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".json")) : [];
  for (const file of files) {
    const lock = readLock(join(folder, file), stack.name);
    const who = `process ${lock.pid} on ${lock.hostname}, since ${lock.timestamp}`;
    if (lock.hostname !== hostname()) {
      throw new UserError(
        "OBS1402",
        `the stack ${stack.name} is locked by ${who}\n  next: if nothing runs there, npm run pulumi -- cancel --stack ${stack.name}`,
      );
    }
    if (isRunning(lock.pid, Date.parse(lock.timestamp))) {
      throw new UserError(
        "OBS1401",
        `the stack ${stack.name} is being changed by ${who}\n  next: wait until it has ended, then npm run up`,
      );
    }
    say(`the last run was killed (process ${lock.pid}); releasing its lock`);
  }
  if (files.length > 0) await stack.cancel();
}

function readLock(file: string, stackName: string): z.output<typeof lockFile> {
  try {
    return lockFile.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    throw new UserError(
      "OBS1402",
      `${file}: must be a lock of Pulumi's, got something else, so it is not known which process holds the stack ${stackName}\n` +
        `  next: if no pulumi runs, npm run pulumi -- cancel --stack ${stackName}; or remove the file`,
      { cause: error },
    );
  }
}
