import assert from "node:assert/strict";
import { specialSecretSig, specialSigKey } from "@pulumi/pulumi/runtime/rpc.js";
import { plainValues, secretValue, unknownValue, type PreviewValue } from "../../../components/preview/values.ts";

const secret = (value: unknown): object => ({ [specialSigKey]: specialSecretSig, value });
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

function plain(
  values: Record<string, unknown>,
  mark: (secret: PreviewValue) => PreviewValue = () => secretValue,
): object {
  return plainValues({ toJavaScript: () => values }, mark);
}

describe("the values of a preview", () => {
  it("are plain, however deep", () => {
    const values = { text: "a", number: 1, flag: false, nothing: null, list: [{ a: [1] }], group: { b: { c: "d" } } };
    assert.deepEqual(plain(values), values);
  });

  it("have a mark in place of a secret, wherever it is, and of all that is in it", () => {
    assert.deepEqual(plain({ a: secret("x"), list: [{ b: secret({ c: "y" }) }] }), {
      a: secretValue,
      list: [{ b: secretValue }],
    });
  });

  it("hand a secret to who marks it, with the marks of what is in it", () => {
    assert.deepEqual(
      plain({ a: secret({ b: unknown }) }, (value) => ({ hidden: value })),
      { a: { hidden: { b: unknownValue } } },
    );
  });

  it("have a mark in place of what is unknown", () => {
    const { a } = plain({ a: [unknown] }) as { readonly a: readonly unknown[] };
    assert.equal(a[0], unknownValue);
  });

  it("tell a mark from an object that looks like one", () => {
    const { a, b } = plain({ a: { secret: true }, b: { unknown: true } }) as Readonly<Record<string, unknown>>;
    assert.notEqual(a, secretValue);
    assert.notEqual(b, unknownValue);
  });
});
