import { createHash } from "node:crypto";
import { z } from "zod";
import { keptData, parts } from "../../config/parts/parts.ts";
import type { StackSettings } from "../../config/settings-and-defaults.ts";
import { resourceName } from "../../config/urn.ts";
import { instanceOf, isUp, waitUntilUp, type InstanceState } from "../instances.ts";
import type { StackOutputs } from "../outputs.ts";
import type { StateResource } from "../state.ts";
import type { Target } from "../target.ts";
import { UserError } from "../user-error.ts";
import type { Store } from "./store.ts";

/** What is not in a backup, each with why, as the parts say it. */
export const leftOut: readonly { readonly title: string; readonly why: string }[] = keptData.flatMap(
  ([name, { backup }]) => (backup === "all" ? [] : [{ title: parts[name].title, why: backup.leftOut }]),
);

/**
 * The stores of a deployed stack, in the order in which they start. A part that the settings switch off runs nowhere, so
 * there is nobody who could be asked for its data.
 */
export function storesOf(
  { instances }: Pick<StackOutputs, "instances">,
  { images }: Pick<StackSettings, "images">,
): readonly Store[] {
  return keptData.flatMap(([name, data]) => {
    const instance = instanceOf(instances, parts[name].host);
    if (data.backup !== "all" || instance === undefined) return [];
    return [{ name, part: parts[name], data, instance, image: images[name] }];
  });
}

/** What tells how the stores are. */
type Observer = Pick<Target, "instanceStates" | "startMillis">;

/** Waits for what has just been started. @throws UserError if there is no store, or one that does not do its work. */
export async function checkUp(stores: readonly Store[], target: Observer): Promise<void> {
  const instances = stores.map(({ instance }) => instance);
  const states = await waitUntilUp(() => target.instanceStates(instances), target.startMillis);
  refuseThese(stores, states, "up", (state) => !isUp(state));
}

/** @throws UserError if there is no store, or one that is missing. What does not work may do so with other data. */
export async function checkThere(stores: readonly Store[], target: Observer): Promise<void> {
  const states = await target.instanceStates(stores.map(({ instance }) => instance));
  refuseThese(stores, states, "there", (state) => state === "missing");
}

function refuseThese(
  stores: readonly Store[],
  states: ReadonlyMap<string, InstanceState>,
  rule: string,
  isWrong: (state: InstanceState) => boolean,
): void {
  const wrong = [...states].filter(([, state]) => isWrong(state)).map(([name, state]) => `${name} is ${state}`);
  if (stores.length > 0 && wrong.length === 0) return;
  const found = wrong.length === 0 ? "a stack without stores" : wrong.join(", ");
  throw new UserError("OBS1501", `every store must be ${rule}, got: ${found}\nnothing was changed\n  next: npm run up`);
}

const secretOutputs = z.looseObject({ result: z.looseObject({ plaintext: z.string() }) });

/**
 * A checksum of each secret of a store without which something in its data cannot be read: whether two stacks have the same
 * can be told by it, and nothing of the secret, which is long and random.
 *
 * @param resources of the stack's state, decrypted
 */
export function secretChecksums({ part }: Store, resources: readonly StateResource[]): Record<string, string> {
  const kept = Object.entries(part.generatedSecrets).filter(([, { isKept }]) => isKept);
  return Object.fromEntries(
    kept.flatMap(([name]) => {
      const found = resources.find(({ urn }) => resourceName(urn).endsWith(`-${part.host}-${name}`));
      const secret = secretOutputs.safeParse(found?.outputs);
      if (!secret.success) return [];
      return [[name, createHash("sha256").update(secret.data.result.plaintext).digest("hex")]];
    }),
  );
}
