/**
 * A plain value of a previewed resource. A secret is {@link secretValue} and what only a deployment can know is
 * {@link unknownValue}, wherever in it they are.
 */
export type PreviewValue =
  string | number | boolean | null | readonly PreviewValue[] | { readonly [name: string]: PreviewValue };

/** Values of a previewed resource by name. */
export type PreviewValues = Readonly<Record<string, PreviewValue>>;

/** Stands in a preview for a secret: its text is in no preview. */
export const secretValue = Object.freeze({ secret: true } as const);

/** Stands in a preview for a value that only a deployment can know. */
export const unknownValue = Object.freeze({ unknown: true } as const);

/** What Pulumi hands to its engine, from its generated code: `google.protobuf.Struct`. */
export interface Struct {
  toJavaScript(): object;
}

// How Pulumi marks them, in its state as well: @pulumi/pulumi/runtime/rpc.js.
/** Key by which Pulumi tells an object that stands for something from any other. */
export const signatureKey = "4dabf18193072939515e22adb298388d";
/** Its value in an object that stands for a secret. */
export const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const unknownSignature = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** What stands for a secret. */
export type SecretMark = (secret: PreviewValue) => PreviewValue;

/** The values of a struct as plain ones. */
export function plainValues(struct: Struct | undefined, mark: SecretMark): PreviewValues {
  const plain = (value: unknown): PreviewValue => {
    if (value === unknownSignature) return unknownValue;
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value === "object" && value !== null) {
      if (Reflect.get(value, signatureKey) === secretSignature) return mark(plain(Reflect.get(value, "value")));
      return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, plain(entry)]));
    }
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
    return null;
  };
  return Object.fromEntries(Object.entries(struct?.toJavaScript() ?? {}).map(([name, value]) => [name, plain(value)]));
}
