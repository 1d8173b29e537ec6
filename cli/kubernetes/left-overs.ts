import { V1ObjectMeta } from "@kubernetes/client-node";
import pWaitFor from "p-wait-for";
import type { StackSettings } from "../../config/settings.ts";
import type { Ownership } from "../ownership.ts";
import type { KnownState, StateResource } from "../state.ts";
import type { Say } from "../target.ts";
import { UserError } from "../user-error.ts";
import type { Cluster } from "./cluster.ts";
import { claimKind, namespaceKind, ownKinds, pulumiType, type Kind } from "./kinds.ts";
import { markedObject, ofStack } from "./labels.ts";

/** An object of the stack in the cluster. */
export interface OwnObject {
  readonly kind: Kind;
  readonly name: string;
  readonly namespace: string | undefined;
}

/** How long an object may take to be gone once it is deleted, in milliseconds: its pods end in peace. */
const removalMillis = 120_000;

/** Everything in the cluster that is the stack's and was not made by the cluster itself. */
export async function ownObjects(
  cluster: Cluster,
  settings: StackSettings,
  ownership: Ownership,
): Promise<readonly OwnObject[]> {
  const found = await Promise.all(ownKinds(settings).map((kind) => objectsOf(kind, cluster, ownership)));
  return found.flat();
}

async function objectsOf(kind: Kind, cluster: Cluster, ownership: Ownership): Promise<readonly OwnObject[]> {
  const { objects, core, namespace } = cluster;
  if (kind === namespaceKind) {
    // By name: others may not be listed.
    const found = await cluster.find(() => core.readNamespace({ name: namespace }));
    const isOwn = found !== undefined && (await ownership.isOwn(markedObject(kind, found.metadata)));
    return isOwn ? [{ kind, name: namespace, namespace: undefined }] : [];
  }
  const where = kind.isNamespaced ? namespace : undefined;
  const { items } = await cluster.ask(() =>
    objects.list(
      kind.apiVersion,
      kind.kind,
      where,
      ...[undefined, undefined, undefined, undefined],
      ofStack(ownership.name),
    ),
  );
  const marked = items
    // What the cluster's controllers make has an owner and goes with it.
    .filter(({ metadata }) => metadata?.ownerReferences === undefined)
    .map(({ metadata }) => markedObject(kind, metadata));
  return (await ownership.own(marked)).map(({ name }) => ({ kind, name, namespace: where }));
}

/**
 * Removes what is the stack's, is not in its state and holds no data, and says so. If there is data that the
 * state does not know either, nothing is removed: the state is lost, and everything belongs together.
 *
 * @returns the data that the state does not know, as {@link objectText}.
 */
export async function removeLeftOvers(
  { resources, cutOff }: KnownState,
  cluster: Cluster,
  settings: StackSettings,
  ownership: Ownership,
  say: Say,
): Promise<readonly string[]> {
  const known = new Set(resources.map(({ type, id }) => `${type} ${id ?? ""}`));
  const left = (await ownObjects(cluster, settings, ownership)).filter(
    (own) => !known.has(`${pulumiType(own.kind)} ${idOf(own)}`),
  );
  const isNew = ({ kind, name }: OwnObject): boolean =>
    cutOff.some(({ type, inputs }) => type === pulumiType(kind) && inputs?.metadata?.name === name);
  const data = left.filter((own) => own.kind.holdsData && !isNew(own));
  if (data.length > 0) return data.map(objectText);
  if (left.length > 0) {
    const names = left.map(objectText).join(", ");
    say(`removing ${left.length} object(s) that the state does not know, left by a run that was cut off: ${names}`);
  }
  await removeObjects(cluster, left);
  return [];
}

/**
 * Deletes objects in their order, and waits until each is gone.
 *
 * @param patienceMillis how long each may take
 * @throws UserError if one does not go.
 */
export async function removeObjects(
  cluster: Cluster,
  objects: readonly OwnObject[],
  patienceMillis = removalMillis,
): Promise<void> {
  for (const own of objects) await removeObject(cluster, own, patienceMillis);
}

async function removeObject(cluster: Cluster, own: OwnObject, patienceMillis: number): Promise<void> {
  const header = headerOf(own);
  await cluster.find(() =>
    cluster.objects.delete(header, ...[undefined, undefined, undefined, undefined], "Foreground"),
  );
  await pWaitFor(async () => (await cluster.find(() => cluster.objects.read(header))) === undefined, {
    interval: 500,
    timeout: {
      milliseconds: patienceMillis,
      message: new UserError(
        `${objectText(own)}: must be gone ${patienceMillis / 1000} s after it was deleted, and is still there\n` +
          `  next: see what holds it (kubectl describe), then npm run down`,
      ),
    },
  });
}

function headerOf({ kind, name, namespace }: OwnObject): Header {
  const metadata = Object.assign(new V1ObjectMeta(), { name }, namespace === undefined ? {} : { namespace });
  return { apiVersion: kind.apiVersion, kind: kind.kind, metadata };
}

/** What the API server finds an object by. */
interface Header {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: V1ObjectMeta & { name: string };
}

function idOf({ name, namespace }: OwnObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** An object as messages name it: `persistentvolumeclaim loki-data`. */
export function objectText({ kind, name }: OwnObject): string {
  return `${kind.kind.toLowerCase()} ${name}`;
}

/**
 * Sees to it that the state belongs to this cluster: a deployment would otherwise find nothing of what it knows, call it
 * removed, and forget the data that the other cluster keeps.
 *
 * @throws UserError if what holds data according to the state is not there, or is another one of the same name.
 */
export async function checkIdentity({ resources }: KnownState, cluster: Cluster, stackName: string): Promise<void> {
  const [namespace] = resources.filter(({ type }) => type === pulumiType(namespaceKind));
  const claims = resources.filter(({ type }) => type === pulumiType(claimKind));
  const anchors = namespace === undefined ? claims : [namespace];
  if (anchors.length === 0) return;
  const isHere = await Promise.all(anchors.map((anchor) => hasSame(cluster, anchor)));
  if (isHere.includes(true)) return;
  const pulumiStack = anchors[0]?.urn.split("::", 1)[0]?.slice("urn:pulumi:".length) ?? stackName;
  const what = namespace === undefined ? "data volumes" : "namespace";
  const verb = namespace === undefined ? "are not those" : "is not the one";
  throw new UserError(
    `the ${what} in the state of ${stackName} ${verb} of this cluster (context ${cluster.context}, namespace ${cluster.namespace}): ` +
      "there is another cluster behind the context, or somebody has removed it by hand; nothing was changed\n" +
      "  next: for another cluster, name the right context: npm run up -- --target kubernetes --context NAME\n" +
      `  next: if it was removed by hand, make the state forget it: npm run pulumi -- refresh --stack ${pulumiStack}; then npm run up`,
  );
}

async function hasSame(cluster: Cluster, { type, outputs }: StateResource): Promise<boolean> {
  const { name = "", uid } = outputs?.metadata ?? {};
  const { core, namespace } = cluster;
  const found =
    type === pulumiType(namespaceKind)
      ? await cluster.find(() => core.readNamespace({ name }))
      : await cluster.find(() => core.readNamespacedPersistentVolumeClaim({ name, namespace }));
  return found?.metadata?.uid !== undefined && found.metadata.uid === uid;
}
