import assert from "node:assert/strict";
import { factsOf, filledIn, instanceFact } from "../../config/env-value.ts";

describe("the value of a variable", () => {
  it("is text as it is, or parts with what the platform knows in between", () => {
    const upper = (text: string): string => text.toUpperCase();
    assert.equal(
      filledIn("~instance~", () => "x"),
      "~instance~",
    );
    assert.equal(
      filledIn(["a", instanceFact, "b", { fill: "node" }], (fact) => `<${fact}>`, upper),
      "A<instance>B<node>",
    );
  });

  it("says which facts it is made with", () => {
    assert.deepEqual(factsOf("instance"), []);
    assert.deepEqual(factsOf(["instance", instanceFact, { fill: "podUid" }]), ["instance", "podUid"]);
  });
});
