import { hostname } from "node:os";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Deployment, Stack } from "@pulumi/pulumi/automation/index.js";
import { z } from "zod";
import type { Docker, DockerObject, ObjectKind } from "./docker.ts";
import { isRunning } from "./lock.ts";
import { projectName, stateFolder } from "./project.ts";
import { UserError } from "./user-error.ts";

/*
 * What an interrupted run leaves behind, and how the next one goes on from there. Only what carries the label of this
 * very stack is ever removed, never a volume, and never what is in the state.
 */

const resource = z.looseObject({ type: z.string(), id: z.string().optional(), urn: z.string() });
const deploymentSchema = z.looseObject({
  resources: z.array(resource).nullish(),
  pending_operations: z.array(z.looseObject({ type: z.string(), resource })).nullish(),
});

/** Type of each kind of Docker object in the state. */
const types: Readonly<Record<ObjectKind, string>> = {
  container: "docker:index/container:Container",
  network: "docker:index/network:Network",
  volume: "docker:index/volume:Volume",
};

/**
 * Clears what an interrupted run left of the stack in the state and in Docker, and says what it does.
 *
 * @returns names of the volumes that carry the stack's label and are not in the state: data of a deployment whose state
 *   is lost.
 */
export async function recover(
  stack: Stack,
  docker: Docker,
  name: string,
  say: (line: string) => void,
): Promise<readonly string[]> {
  await releaseLock(stack, say);
  const exported = await stack.exportStack();
  await forgetPendingOperations(stack, exported, say);
  const { resources } = deploymentSchema.parse(exported.deployment);
  const known = new Set((resources ?? []).map(({ type, id }) => `${type} ${id ?? ""}`));
  const leftOver = async (kind: ObjectKind): Promise<readonly DockerObject[]> =>
    (await docker.labelled(kind, name)).filter(({ id }) => !known.has(`${types[kind]} ${id}`));

  const containers = await leftOver("container");
  if (containers.length > 0) {
    const names = containers.map((container) => container.name).join(", ");
    say(
      `removing ${containers.length} container(s) that the state does not know, left by a run that was cut off: ${names}`,
    );
    const ids = containers.map(({ id }) => id);
    // Gracefully: it may hold what is not on disk yet.
    await docker.run(["stop", "--time", "30", ...ids]);
    await docker.run(["rm", "--force", "--volumes", ...ids]);
  }
  for (const network of await leftOver("network")) {
    say(`removing the network ${network.name}, which the state does not know either`);
    await docker.run(["network", "rm", network.id]);
  }
  return (await leftOver("volume")).map((volume) => volume.name);
}

const lockFile = z.object({ pid: z.number(), hostname: z.string(), timestamp: z.string() });

/**
 * A run that was killed leaves its lock.
 *
 * @throws UserError if the one that holds it still runs, or may run on another machine.
 */
async function releaseLock(stack: Stack, say: (line: string) => void): Promise<void> {
  const folder = join(stateFolder, ".pulumi", "locks", "organization", projectName, stack.name);
  // Each lock has a file of attributes beside it.
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".json")) : [];
  for (const file of files) {
    const lock = lockFile.parse(JSON.parse(readFileSync(join(folder, file), "utf8")));
    const who = `process ${lock.pid} on ${lock.hostname}, since ${lock.timestamp}`;
    if (lock.hostname !== hostname()) {
      throw new UserError(
        `the stack ${stack.name} is locked by ${who}\n  next: if nothing runs there, npm run pulumi -- cancel --stack ${stack.name}`,
      );
    }
    if (isRunning(lock.pid)) {
      throw new UserError(
        `the stack ${stack.name} is being changed by ${who}\n  next: wait until it has ended, then npm run up`,
      );
    }
    say(`the last run was killed (process ${lock.pid}); releasing its lock`);
  }
  if (files.length > 0) await stack.cancel();
}

/** Pulumi does not go on while it does not know how an operation ended. What it may have made is found by its label. */
async function forgetPendingOperations(stack: Stack, exported: Deployment, say: (line: string) => void): Promise<void> {
  const deployment = deploymentSchema.parse(exported.deployment);
  const pending = deployment.pending_operations ?? [];
  if (pending.length === 0) return;
  for (const { type, resource: cut } of pending) {
    say(`${cut.urn.slice(cut.urn.lastIndexOf("::") + 2)} was cut off while ${type}; looking at what is there`);
  }
  await stack.importStack({ ...exported, deployment: { ...deployment, pending_operations: [] } });
}
