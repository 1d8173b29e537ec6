import { isRecord } from "../../config/parse.ts";
import type { PreviewResource } from "./record-program.ts";
import { secretValue, unknownValue, type PreviewValue, type PreviewValues } from "./values.ts";

/** Maps of texts that Kubernetes' own types leave out when they are empty. */
const mapsOfTexts = [
  "annotations",
  "binaryData",
  "data",
  "labels",
  "limits",
  "matchLabels",
  "nodeSelector",
  "requests",
];

/**
 * The inputs of a planned resource as its provider would hand them to the engine, which compares those with the state's.
 * The Kubernetes provider passes each object through Kubernetes' own types: lists and maps without an entry are gone
 * after it, and a Secret's `stringData` is part of its `data` (pulumi-kubernetes, clients.Normalize). A name that it has
 * made up itself stays. Other providers add to inputs only, and say so in `__defaults`.
 *
 * @param old the inputs in the state
 * @param ids the id of each deployed resource by the one that it has in a preview
 */
export function checkedInputs(
  { type, inputs }: Pick<PreviewResource, "type" | "inputs">,
  old: Readonly<Record<string, unknown>>,
  ids: ReadonlyMap<string, string>,
): PreviewValues {
  const known = each(inputs, (value) => withIds(value, ids));
  if (!type.startsWith("kubernetes:")) return known;
  const data = type === "kubernetes:core/v1:Secret" ? withDataOnly(known) : known;
  return withGivenName(withoutEmpty(data), old["metadata"]);
}

function each(values: PreviewValues, change: (value: PreviewValue) => PreviewValue): PreviewValues {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}

function withIds(value: PreviewValue, ids: ReadonlyMap<string, string>): PreviewValue {
  if (typeof value === "string") return ids.get(value) ?? value;
  if (isList(value)) return value.map((entry) => withIds(entry, ids));
  return isValues(value) ? each(value, (entry) => withIds(entry, ids)) : value;
}

function withoutEmpty(values: PreviewValues): PreviewValues {
  const inner = (value: PreviewValue): PreviewValue => {
    if (isList(value)) return value.map(inner);
    return isValues(value) ? withoutEmpty(value) : value;
  };
  return each(Object.fromEntries(Object.entries(values).filter(([name, value]) => !isEmpty(name, value))), inner);
}

/** Whether Kubernetes' types drop a value. Other empty objects mean something: `emptyDir: {}`, a selector of everything. */
function isEmpty(name: string, value: PreviewValue): boolean {
  if (isList(value)) return value.length === 0;
  return isValues(value) && mapsOfTexts.includes(name) && Object.keys(value).length === 0;
}

function withDataOnly({ stringData, data = {}, ...others }: PreviewValues): PreviewValues {
  if (stringData === undefined) return { ...others, data };
  if (!isValues(stringData) || !isValues(data)) return { ...others, data: secretValue };
  const encoded = Object.entries(stringData).map(([name, text]) => [
    name,
    typeof text === "string" ? Buffer.from(text).toString("base64") : text,
  ]);
  return { ...others, data: { ...data, ...(Object.fromEntries(encoded) as PreviewValues) } };
}

const autonamed = "pulumi.com/autonamed";

/** Inputs with the name that the provider has made up, which it keeps for as long as the program gives none. */
function withGivenName(inputs: PreviewValues, old: unknown): PreviewValues {
  const { metadata } = inputs;
  const oldAnnotations = fields(fields(old)["annotations"]);
  if (!isValues(metadata) || Object.hasOwn(metadata, "name") || oldAnnotations[autonamed] !== "true") return inputs;
  const annotations = { ...fields(metadata["annotations"]), [autonamed]: "true" } as PreviewValues;
  return { ...inputs, metadata: { ...metadata, annotations, name: String(fields(old)["name"]) } };
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

/** Whether a value is a list of values. */
export function isList(value: PreviewValue | undefined): value is readonly PreviewValue[] {
  return Array.isArray(value);
}

/** Whether a value is a mark of a preview, or contains it. */
export function holds(value: PreviewValue | undefined, mark: PreviewValue): boolean {
  if (value === mark) return true;
  return typeof value === "object" && value !== null && Object.values(value).some((entry) => holds(entry, mark));
}

/** The marks of a preview are objects as well, but have nothing in them. */
function isValues(value: PreviewValue | undefined): value is PreviewValues {
  return value !== secretValue && value !== unknownValue && isRecord(value);
}
