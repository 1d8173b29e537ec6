import assert from "node:assert/strict";
import { numberOption } from "../../bench/options.ts";

describe("a number as an option of a bench", () => {
  it("is a number that is not too small, or an error that names the option", () => {
    assert.equal(numberOption("minutes", "0.5"), 0.5);
    for (const text of ["", " ", "many", "Infinity", "-1"])
      assert.throws(() => numberOption("minutes", text), {
        message: `--minutes: must be a number from 0 on, got ${text}`,
      });
  });
});
