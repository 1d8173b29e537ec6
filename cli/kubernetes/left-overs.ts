import pWaitFor from "p-wait-for";
import type { Ownership } from "../ownership.ts";
import type { KnownState, StateResource } from "../state.ts";
import type { Say } from "../target.ts";
import { UserError } from "../user-error.ts";
import type { Cluster } from "./cluster.ts";
import { claimKind, namespaceKind, pulumiType, type Kind } from "./kinds.ts";
import { objectText, stackObjects, type StackObject } from "./stack-objects.ts";

/** How long the deletion of an object may take, in milliseconds: its pods may use all of their grace period. */
const removalMillis = 120_000;

/**
 * Removes what the stack has made, is not in its state and holds no data, and says so. If there is data that the state
 * does not know either, nothing is removed: the state is lost, and everything belongs together.
 *
 * @returns the data that the state does not know, as {@link objectText}.
 */
export async function removeLeftOvers(
  { cutOff }: KnownState,
  cluster: Cluster,
  ownership: Ownership,
  say: Say,
): Promise<readonly string[]> {
  const left = (await stackObjects(cluster, ownership)).filter((object) => !ownership.isKnown(object));
  const isNew = ({ type, name }: StackObject): boolean =>
    cutOff.some((resource) => resource.type === type && resource.inputs?.metadata?.name === name);
  const data = left.filter((object) => object.kind.holdsData && !isNew(object));
  if (data.length > 0) return data.map(objectText);
  if (left.length > 0) {
    const names = left.map(objectText).join(", ");
    say(`removing ${left.length} object(s) that the state does not know, left by a run that was cut off: ${names}`);
  }
  await removeObjects(cluster, left);
  return [];
}

/** Deletes objects in their order, and waits until each is gone. @throws UserError if one does not go. */
export async function removeObjects(
  cluster: Cluster,
  objects: readonly StackObject[],
  patienceMillis = removalMillis,
): Promise<void> {
  for (const object of objects) {
    const { apiVersion, kind } = object.kind;
    const header = { apiVersion, kind, metadata: { name: object.name, namespace: object.namespace } };
    const unused = [undefined, undefined, undefined, undefined] as const;
    await cluster.find(cluster.objects.delete(header, ...unused, "Foreground"));
    await pWaitFor(async () => (await cluster.find(cluster.objects.read(header))) === undefined, {
      interval: 500,
      timeout: {
        milliseconds: patienceMillis,
        message: new UserError(
          "OBS1312",
          `${objectText(object)}: must be gone ${patienceMillis / 1000} s after it was deleted, and is still there\n` +
            `  next: see what holds it (kubectl describe), then npm run down`,
        ),
      },
    });
  }
}

/**
 * Makes sure that the state belongs to this cluster: a deployment would otherwise find nothing of what it knows, call it
 * removed, and forget the data that the other cluster keeps.
 *
 * @param stackName name of the Pulumi stack
 * @throws UserError if what holds data according to the state is not there, or is another one of the same name.
 */
export async function checkIdentity({ resources }: KnownState, cluster: Cluster, stackName: string): Promise<void> {
  const [namespace] = resources.filter(({ type }) => type === pulumiType(namespaceKind));
  const claims = resources.filter(({ type }) => type === pulumiType(claimKind));
  const [kind, anchors] = namespace === undefined ? [claimKind, claims] : [namespaceKind, [namespace]];
  if (anchors.length === 0) return;
  const isHere = await Promise.all(anchors.map((anchor) => hasSame(cluster, kind, anchor)));
  if (isHere.includes(true)) return;
  const what = namespace === undefined ? "data volumes" : "namespace";
  const verb = namespace === undefined ? "are not those" : "is not the one";
  throw new UserError(
    "OBS1313",
    `the ${what} in the state of ${stackName} ${verb} of this cluster (context ${cluster.context}, namespace ${cluster.namespace}): ` +
      "there is another cluster behind the context, or somebody has removed it by hand; nothing was changed\n" +
      "  next: for another cluster, name the right context: npm run up -- --target kubernetes --context NAME\n" +
      `  next: if it was removed by hand, make the state forget it: npm run pulumi -- refresh --stack ${stackName}; then npm run up`,
  );
}

/** Whether the cluster has an object of the state, and no other one of its name. */
async function hasSame(
  cluster: Cluster,
  { kind, apiVersion, isNamespaced }: Kind,
  { outputs }: StateResource,
): Promise<boolean> {
  const { name = "", uid } = outputs?.metadata ?? {};
  const metadata = { name, namespace: isNamespaced ? cluster.namespace : undefined };
  const found = await cluster.find(cluster.objects.read({ apiVersion, kind, metadata }));
  return found?.metadata?.uid !== undefined && found.metadata.uid === uid;
}
