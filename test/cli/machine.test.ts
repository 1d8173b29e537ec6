import assert from "node:assert/strict";
import { atLeast, checkNode } from "../../cli/machine.ts";

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

describe("the Node.js of a command", () => {
  it("is refused if it does not run TypeScript, with how to get one that does", () => {
    assert.equal(checkNode({ node: "22.18.0" }), "22.18.0");
    assert.throws(() => checkNode({ node: "20.19.5" }), {
      message:
        "Node.js: must be at least 22.18, got 20.19.5\n" +
        "  next: run `npm ci` without --ignore-scripts (it brings the right version), then `npm run up`",
      errorCodes: ["OBS1101"],
    });
  });
});
