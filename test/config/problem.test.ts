import assert from "node:assert/strict";
import { duplicates, nearMatch, problem, problemLines, shown } from "../../config/problem.ts";

describe("a problem", () => {
  it("says path, rule, value and what to change", () => {
    assert.deepEqual(problemLines([problem("ports.loki", "must be free", 3100, "choose another")]), [
      "ports.loki: must be free, got 3100; choose another",
    ]);
  });

  it("is told once for each path, the first of several", () => {
    const problems = [problem("a", "first", 1, "x"), problem("b", "other", 2, "x"), problem("a", "second", 1, "x")];
    assert.deepEqual(problemLines(problems), ["a: first, got 1; x", "b: other, got 2; x"]);
  });
});

describe("a value in a message", () => {
  it("is JSON in one line", () => {
    assert.equal(shown("two\nlines"), '"two\\nlines"');
    assert.equal(shown({ a: [1, true, null] }), '{"a":[1,true,null]}');
    assert.deepEqual([Number.NaN, Number.POSITIVE_INFINITY, 0.5].map(shown), ["NaN", "Infinity", "0.5"]);
    assert.deepEqual([undefined, () => 1].map(shown), ["undefined", "function"]);
  });

  it("is cut after 100 characters, and never within one", () => {
    assert.equal(shown("a".repeat(98)), `"${"a".repeat(98)}"`);
    assert.equal(shown("a".repeat(99)), `"${"a".repeat(98)}…`);
    assert.equal(shown("🙂".repeat(200)), `"${"🙂".repeat(98)}…`);
  });
});

describe("a near match", () => {
  const known = ["retentionHours", "grafana", "loki", "env"];

  it("is the known word that differs in a few letters, whatever their case", () => {
    for (const [word, meant] of [
      ["retentionDays", "retentionHours"],
      ["RETENTIONHOURS", "retentionHours"],
      ["graphana", "grafana"],
      ["lokki", "loki"],
      ["vne", "env"],
    ] as const) {
      assert.equal(nearMatch(word, known), meant, word);
    }
  });

  it("is none when a third of the letters differs, or nothing is known", () => {
    assert.equal(nearMatch("tempo", known), undefined);
    assert.equal(nearMatch("prometheus", known), undefined);
    assert.equal(nearMatch("loki", []), undefined);
  });
});

describe("duplicates", () => {
  it("are every use of a value but the first, which is named", () => {
    const values = [
      ["a", 1],
      ["b", 2],
      ["c", 1],
      ["d", 1],
    ] as const;
    assert.deepEqual(problemLines(duplicates(values, "change it")), [
      "c: must differ from a, got 1; change it",
      "d: must differ from a, got 1; change it",
    ]);
  });
});
