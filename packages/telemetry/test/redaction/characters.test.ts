import assert from "node:assert/strict";
import fc from "fast-check";
import { charactersOf, longestText } from "../../src/redaction/characters.ts";
import { createRedactor } from "../../src/redaction/redactor.ts";

function codesOf(text: string): number[] {
  return Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}

describe("charactersOf", () => {
  it("gives the codes of any text: of one byte, of two, with halves of pairs", () => {
    const anyText = fc.oneof(
      fc.string({ unit: "binary-ascii" }),
      fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes)),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        assert.deepEqual([...charactersOf(text).codes.subarray(0, text.length)], codesOf(text));
      }),
    );
  });

  it("gives the codes of a text that is longer than any that is scanned", () => {
    const text = "é🎉".repeat(longestText / 2);
    assert.equal(charactersOf(text).codes.join(), codesOf(text).join());
  });

  it("is no way for a text to change what becomes of the next one", () => {
    const pieces = [
      "password",
      "pw",
      "=",
      ":",
      " ",
      '"',
      "x",
      "ghp_",
      "0123456789",
      "a@b.co",
      "://",
      "-----BEGIN",
      "%3D",
      "\\",
      "--token ",
    ];
    const anyText = fc
      .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 12 })
      .map((parts) => parts.join(""));
    const redacted = (text: string): string => createRedactor().text(text);
    fc.assert(
      fc.property(anyText, anyText, (text, behind) => {
        redacted(" ".repeat(longestText));
        const alone = redacted(text);
        redacted(text + behind);
        assert.equal(redacted(text), alone);
      }),
    );
  });
});
