import assert from "node:assert/strict";
import { atLeast } from "../../cli/machine.ts";

describe("a version", () => {
  const cases: readonly (readonly [string, readonly [number, number], boolean])[] = [
    ["22.18.0", [22, 18], true],
    ["22.17.9", [22, 18], false],
    ["23.0.0", [22, 18], true],
    ["20.19.5", [22, 18], false],
    // Not as text: "9" is after "2".
    ["3.99.0", [3, 208], false],
    ["3.1000.0", [3, 208], true],
    ["4.0.0-beta.1", [3, 208], true],
    ["", [3, 208], false],
    ["unknown", [3, 208], false],
  ];
  for (const [version, [major, minor], isEnough] of cases) {
    it(`${JSON.stringify(version)} is ${isEnough ? "" : "not "}at least ${major}.${minor}`, () => {
      assert.equal(atLeast(version, [major, minor]), isEnough);
    });
  }
});
