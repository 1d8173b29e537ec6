import assert from "node:assert/strict";
import { documentedStack } from "../../../generators/documented-stack.ts";
import { ruleCases } from "./rule-cases.ts";

describe("the cases of the alert rules", () => {
  it("are there for each rule, and for no other", () => {
    const names = documentedStack().rules.map(({ name }) => name);
    assert.deepEqual(Object.keys(ruleCases).sort(), names.toSorted());
  });

  it("have another name each, where a rule has several", () => {
    for (const [name, cases] of Object.entries(ruleCases)) {
      assert.equal(new Set(cases.map(({ by }) => by)).size, cases.length, name);
      assert.notEqual(cases.length, 0, name);
    }
  });
});
