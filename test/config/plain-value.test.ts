import assert from "node:assert/strict";
import fc from "fast-check";
import { parse, stringify } from "yaml";
import { plainProblems, withoutUnset } from "../../config/plain-value.ts";

describe("a plain value", () => {
  it("is what a file can hold: whatever passes comes back from one", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
        (value) => {
          if (plainProblems(value, ["a"]).length > 0) return;
          const plain = withoutUnset(value);
          const text = stringify(plain, { defaultStringType: "QUOTE_DOUBLE" });
          // JSON has neither -0 nor objects without a prototype.
          const asJson = (given: unknown): unknown => JSON.parse(JSON.stringify(given));
          assert.deepEqual(asJson(parse(text)), asJson(plain));
        },
      ),
    );
  });

  it("is refused at its place without being shown", () => {
    const [problem, ...more] = plainProblems({ b: ["x", { c: "hunter2\0" }] }, ["a"]);
    assert.deepEqual(problem, {
      path: "a.b.1.c",
      rule: "must be text without NUL and without halves of characters",
      got: "a value that is not shown",
      change: "remove them",
    });
    assert.deepEqual(more, []);
    assert.equal(plainProblems({ "\ud800": 1 }, [])[0]?.path, "");
    assert.equal(plainProblems([undefined], ["a"])[0]?.path, "a.0");
  });
});
