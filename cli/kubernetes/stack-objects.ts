import { V1ObjectMeta } from "@kubernetes/client-node";
import { objectLabels, ownerAnnotation, partOfName } from "../../config/names.ts";
import { flatMap } from "../async.ts";
import type { MarkedObject, Ownership } from "../ownership.ts";
import { Forbidden, type Cluster } from "./cluster.ts";
import { namespaceKind, pulumiType, removedKinds, type Kind } from "./kinds.ts";

/** Selects what belongs to any stack of this program. */
export const ofAnyStack = `${objectLabels.partOf}=${partOfName}`;

/** An object in the cluster that a program or a command has made, with what its metadata say of its owner. */
export interface StackObject extends MarkedObject {
  readonly kind: Kind;
  readonly name: string;
  readonly namespace: string | undefined;
}

/** Reads an object's owner from its metadata; what older versions have made says so by its labels alone. */
export function stackObject(kind: Kind, metadata: V1ObjectMeta | undefined): StackObject {
  const { name = "", namespace, labels, annotations } = metadata ?? new V1ObjectMeta();
  const isMade = labels?.[objectLabels.partOf] === partOfName;
  return {
    kind,
    name,
    namespace: kind.isNamespaced ? namespace : undefined,
    type: pulumiType(kind),
    id: kind.isNamespaced ? `${namespace ?? ""}/${name}` : name,
    nameLabel: labels?.[objectLabels.stack],
    mark: isMade ? (annotations?.[ownerAnnotation] ?? labels[objectLabels.stack]) : undefined,
  };
}

/** An object as messages name it: `persistentvolumeclaim loki-data`. */
export function objectText({ kind, name }: StackObject): string {
  return `${kind.kind.toLowerCase()} ${name}`;
}

/**
 * Objects of a kind that were made by a program and not by the cluster's controllers. Of an optional kind that the user
 * may not list there are none: that user cannot have made any.
 */
export async function listObjects(
  cluster: Cluster,
  kind: Kind,
  labelSelector: string,
): Promise<readonly StackObject[]> {
  const { objects, core, namespace } = cluster;
  const where = kind.isNamespaced ? namespace : undefined;
  const unused = [undefined, undefined, undefined, undefined] as const;
  try {
    const items =
      kind === namespaceKind
        ? // By name: others may not be listed.
          [await cluster.find(core.readNamespace({ name: namespace }))]
        : (await cluster.ask(objects.list(kind.apiVersion, kind.kind, where, ...unused, labelSelector))).items;
    // What controllers make names the object that it was made for, and goes with it.
    const made = items.filter((item) => item !== undefined && item.metadata?.ownerReferences === undefined);
    return made.map((item) => stackObject(kind, item?.metadata));
  } catch (error) {
    if (kind.isOptional && error instanceof Forbidden) return [];
    throw error;
  }
}

/** Everything in the cluster that the stack has made, in the order in which it can be removed. */
export async function stackObjects(cluster: Cluster, ownership: Ownership): Promise<readonly StackObject[]> {
  const { labelSelector } = cluster.selection();
  return ownership.owned(await flatMap(removedKinds, (kind) => listObjects(cluster, kind, labelSelector)));
}
