import { z } from "zod";
import type { PreviewResource } from "../../../../components/preview/record-program.ts";
import type { PreviewValue } from "../../../../components/preview/values.ts";
import { kubectl, kubectlFails } from "./cluster.ts";

const kubernetesObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string().optional(), namespace: z.string().optional() }),
});
const withTemplate = z.looseObject({
  spec: z.looseObject({ template: z.looseObject({ metadata: z.looseObject({}) }) }),
});

type KubernetesObject = z.output<typeof kubernetesObject>;

/**
 * What the API server says against the Kubernetes objects of a preview, strictly and without creating any: it is asked
 * to create each in a namespace of its own, and the pods of each workload as well, which the namespace's Pod Security
 * admission looks at.
 */
export async function dryRunProblems(resources: readonly PreviewResource[], namespace: string): Promise<string> {
  const objects = resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ inputs, name }) => complete(kubernetesObject.parse(filledIn(inputs)), name));
  const own = objects.find(({ kind }) => kind === "Namespace");
  if (own === undefined || objects.length < 20) throw new Error(`found ${objects.length} objects, and no namespace`);
  const labels = own.metadata["labels"];
  await apply({ ...own, metadata: { name: namespace, labels } });
  try {
    const others = objects
      .filter((object) => object !== own)
      .map(({ metadata, ...object }) => ({
        ...object,
        metadata: metadata.namespace === undefined ? metadata : { ...metadata, namespace },
      }));
    const pods = others.flatMap((object) => {
      const { data } = withTemplate.safeParse(object);
      if (data === undefined) return [];
      const metadata = { ...data.spec.template.metadata, name: object.metadata.name, namespace };
      return [{ apiVersion: "v1", kind: "Pod", ...data.spec.template, metadata }];
    });
    // A pod is refused before anything else is looked at if its account is missing.
    for (const account of others.filter(({ kind }) => kind === "ServiceAccount")) await apply(account);
    const items = [...others.filter(({ kind }) => kind !== "ServiceAccount"), ...pods];
    const list = { apiVersion: "v1", kind: "List", items };
    return await kubectlFails(["create", "--dry-run=server", "--validate=strict", "-f", "-"], JSON.stringify(list));
  } finally {
    await kubectl(["delete", "namespace", namespace, "--wait"]);
  }
}

async function apply(object: object): Promise<void> {
  await kubectl(["create", "--filename", "-"], JSON.stringify(object));
}

/** Names that only a deployment gives. */
function complete(object: KubernetesObject, name: string): KubernetesObject {
  return { ...object, metadata: { name, ...object.metadata } };
}

/** Something of the right kind for what a preview does not know or does not tell. */
function filledIn(value: PreviewValue, key = ""): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((entry) => filledIn(entry as PreviewValue));
  if ("secret" in value && value.secret === true) return key === "stringData" ? { file: "x" } : "x";
  if ("unknown" in value && value.unknown === true) return "unknown";
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, filledIn(entry, name)]));
}
