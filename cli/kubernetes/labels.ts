import { V1ObjectMeta } from "@kubernetes/client-node";
import { objectLabels, ownerAnnotation, partOfName } from "../../config/names.ts";
import type { MarkedObject } from "../ownership.ts";
import { pulumiType, type Kind } from "./kinds.ts";

/** Selects what belongs to any stack. */
export const ofProject = `${objectLabels.partOf}=${partOfName}`;

/** Selects what carries the name of a stack. */
export function ofStack(stackName: string): string {
  return `${objectLabels.stack}=${stackName},${ofProject}`;
}

/** Selects what belongs to a workload of a stack. */
export function ofWorkload(stackName: string, workload: string): string {
  return `${ofStack(stackName)},${objectLabels.workload}=${workload}`;
}

/** An object with what its metadata say of its owner; what older versions have made says so by its labels alone. */
export function markedObject(kind: Kind, metadata: V1ObjectMeta | undefined): MarkedObject & { readonly name: string } {
  const { name = "", namespace, labels, annotations } = metadata ?? new V1ObjectMeta();
  const isMade = labels?.[objectLabels.partOf] === partOfName;
  return {
    type: pulumiType(kind),
    id: kind.isNamespaced ? `${namespace ?? ""}/${name}` : name,
    name,
    stackName: labels?.[objectLabels.stack],
    mark: isMade ? (annotations?.[ownerAnnotation] ?? labels[objectLabels.stack]) : undefined,
  };
}
