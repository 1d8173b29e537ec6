import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv, { type ValidateFunction } from "ajv";

/** A schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What test/support/write-kubernetes-schema.ts writes. */
export const kubernetesSchemaPath = join(import.meta.dirname, "..", "fixtures", "kubernetes-schema.json");

const schema = JSON.parse(readFileSync(kubernetesSchemaPath, "utf8")) as {
  readonly kinds: Readonly<Record<string, string>>;
  readonly definitions: Readonly<Record<string, JsonSchema>>;
};

/** Every kind that the schema has, as `apps/v1 Deployment`. */
export const knownKinds: readonly string[] = Object.keys(schema.kinds).sort();

const ajv = new Ajv({ allErrors: true });
ajv.addSchema({ definitions: schema.definitions }, "kubernetes");
const validators = new Map<string, ValidateFunction>();

/** `apps/v1 Deployment`. */
export function kindOf(object: Readonly<Record<string, unknown>>): string {
  return `${String(object["apiVersion"])} ${String(object["kind"])}`;
}

/**
 * What the API server would say of an object if it took nothing that it does not know: fields that are unknown, missing
 * or of another type.
 */
export function schemaProblems(object: Readonly<Record<string, unknown>>): readonly string[] {
  const kind = kindOf(object);
  const definition = schema.kinds[kind];
  if (definition === undefined) return [`${kind}: is not in the schema`];
  const validate = validators.get(kind) ?? ajv.compile({ $ref: `kubernetes#/definitions/${definition}` });
  validators.set(kind, validate);
  if (validate(object) === true) return [];
  return (validate.errors ?? []).map(
    ({ dataPath, message = "", params }) => `${kind} ${dataPath} ${message} ${JSON.stringify(params)}`,
  );
}
