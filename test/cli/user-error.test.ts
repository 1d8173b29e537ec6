import assert from "node:assert/strict";
import { coded, refused } from "../../cli/user-error.ts";
import { allCodes } from "../../generators/error-pages.ts";

describe("a refusal of several problems", () => {
  const [code = assert.fail("there must be a code")] = allCodes;
  const textsOf = (count: number): readonly string[] =>
    refused(
      coded(
        code,
        Array.from({ length: count }, (_, index) => `problem ${index + 1}`),
      ),
      "solve them",
    ).message.split("\n");

  it("names each as long as a message of ten lines, that of its code included, has room for it", () => {
    const end = ["nothing was changed", "  next: solve them"];
    const seven = [1, 2, 3, 4, 5, 6, 7].map((each) => `problem ${each}`);
    assert.deepEqual(textsOf(7), [...seven, ...end]);
    assert.deepEqual(textsOf(8), [...seven.slice(0, 6), "… and 2 more", ...end]);
  });
});
