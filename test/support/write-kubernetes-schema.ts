import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { format, resolveConfig } from "prettier";
import { z } from "zod";
import { kubernetesSchemaPath, type JsonSchema } from "./kubernetes-schema.ts";

/*
 * Writes the schema of the objects that the Kubernetes platform creates, from the API server of the kubeconfig's current
 * context: npm run test:schema. Without descriptions, and closed: an object with properties has no others.
 */

/** Every kind that the platform creates, by the path of its API. test/components/platform/kubernetes/objects.test.ts compares it with what previews have. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  "api/v1": ["ConfigMap", "Namespace", "PersistentVolumeClaim", "Secret", "Service", "ServiceAccount"],
  "apis/apps/v1": ["Deployment", "StatefulSet"],
  "apis/autoscaling/v2": ["HorizontalPodAutoscaler"],
  "apis/batch/v1": ["Job"],
  "apis/networking.k8s.io/v1": ["Ingress", "NetworkPolicy"],
  "apis/policy/v1": ["PodDisruptionBudget"],
  "apis/rbac.authorization.k8s.io/v1": ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
};

const document = z.looseObject({
  info: z.looseObject({ version: z.string() }),
  components: z.looseObject({ schemas: z.record(z.string(), z.record(z.string(), z.unknown())) }),
});

const groupVersionKind = z.array(z.object({ group: z.string(), version: z.string(), kind: z.string() }));

function openApi(path: string): z.output<typeof document> {
  const text = execFileSync("kubectl", ["get", "--raw", `/openapi/v3/${path}`], { maxBuffer: 64 * 1024 * 1024 });
  return document.parse(JSON.parse(text.toString("utf8")));
}

const prefix = "#/components/schemas/";

/** Written as text by the API server and read by it in more than one form. */
const special: Readonly<Record<string, JsonSchema>> = {
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": { oneOf: [{ type: "integer" }, { type: "string" }] },
  "io.k8s.apimachinery.pkg.api.resource.Quantity": {
    type: "string",
    pattern: "^[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\\d+)?$",
  },
};

const formats: Readonly<Record<string, JsonSchema>> = {
  int32: { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
  byte: { pattern: "^[A-Za-z0-9+/]*={0,2}$" },
  "date-time": { format: "date-time" },
};

/** What of a schema says something about a value, in the words of JSON Schema. */
function trimmed(schema: Readonly<Record<string, unknown>>): JsonSchema {
  const { properties, format: name, ...rest } = schema;
  const kept = Object.entries(rest)
    .filter(([key]) => !["description", "default", "title", "example"].includes(key) && !key.startsWith("x-"))
    .map(([key, value]) => [key, inner(key, value)] as const);
  const closed = schema["additionalProperties"] === undefined ? { additionalProperties: false } : {};
  return {
    ...(Object.fromEntries(kept) as JsonSchema),
    ...(typeof name === "string" ? formats[name] : {}),
    ...(isSchema(properties) ? { properties: each(properties), ...closed } : {}),
  };
}

function inner(key: string, value: unknown): unknown {
  if (key === "$ref") return String(value).replace(prefix, "#/definitions/");
  if (Array.isArray(value)) return value.map((entry: unknown) => (isSchema(entry) ? trimmed(entry) : entry));
  return isSchema(value) ? trimmed(value) : value;
}

function each(properties: Readonly<Record<string, unknown>>): JsonSchema {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, isSchema(schema) ? trimmed(schema) : schema]),
  );
}

function isSchema(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object of a kind, which says itself what it is, and without the status that only the cluster writes. */
function rootSchema(schema: JsonSchema, apiVersion: string, kind: string): JsonSchema {
  const { status: _, ...properties } = z.record(z.string(), z.unknown()).parse(schema["properties"]);
  const named = { ...properties, apiVersion: { const: apiVersion }, kind: { const: kind } };
  const required = z.array(z.string()).default([]).parse(schema["required"]);
  return { ...schema, properties: named, required: [...new Set([...required, "apiVersion", "kind", "metadata"])] };
}

/** Names of the definitions that a schema refers to, and those that they refer to. */
function reachable(from: readonly string[], definitions: Readonly<Record<string, JsonSchema>>): ReadonlySet<string> {
  const found = new Set(from);
  for (const name of found) {
    for (const [, next = ""] of JSON.stringify(definitions[name]).matchAll(/"#\/definitions\/([^"]+)"/g)) {
      found.add(next);
    }
  }
  return found;
}

async function main(): Promise<void> {
  const definitions: Record<string, JsonSchema> = {};
  const roots: Record<string, string> = {};
  const versions = new Set<string>();
  for (const [path, wanted] of Object.entries(kinds)) {
    const { info, components } = openApi(path);
    versions.add(info.version);
    for (const [name, schema] of Object.entries(components.schemas)) {
      definitions[name] ??= special[name] ?? trimmed(schema);
      const [own, ...others] = groupVersionKind.optional().parse(schema["x-kubernetes-group-version-kind"]) ?? [];
      if (own === undefined || others.length > 0 || !wanted.includes(own.kind)) continue;
      const apiVersion = own.group === "" ? own.version : `${own.group}/${own.version}`;
      roots[`${apiVersion} ${own.kind}`] = name;
      definitions[name] = rootSchema(definitions[name], apiVersion, own.kind);
    }
  }
  const names = reachable(Object.values(roots), definitions);
  const schema = {
    $comment: `Objects of the Kubernetes platform by Kubernetes ${[...versions].join(", ")}; npm run test:schema`,
    kinds: roots,
    definitions: Object.fromEntries([...names].sort().map((name) => [name, definitions[name]])),
  };
  const options = { ...(await resolveConfig(kubernetesSchemaPath)), filepath: kubernetesSchemaPath };
  writeFileSync(kubernetesSchemaPath, await format(JSON.stringify(schema), options));
}

await main();
