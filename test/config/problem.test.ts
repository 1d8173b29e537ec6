import assert from "node:assert/strict";
import fc from "fast-check";
import {
  duplicates,
  hidden,
  hiddenProblem,
  nearMatch,
  pathText,
  problem,
  problemLines,
  shown,
} from "../../config/problem.ts";

const halfCharacter = String.fromCharCode(0xd800);

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

describe("a line", () => {
  it("is one, and has an end, whatever a user's text holds", () => {
    const [line = ""] = problemLines([
      problem(`a\nb\u202e${"c".repeat(1000)}`, "must\u0000", "x", `write ${halfCharacter}${"d".repeat(9000)}`),
    ]);
    assert.match(line, /^a\\u000ab\\u202ec{285}…: must\\u0000, got "x"; write \\ud800d+…$/);
    assert.equal(line.length, 300 + ": ".length + 2000);
  });

  it("has only the kind of a value that must not be shown", () => {
    const gots = ["text", 5, true, ["a"], {}, undefined].map((value) => hidden(problem("a", "b", value, "c")).got);
    const notShown = "a value that is not shown";
    assert.deepEqual(gots, [notShown, notShown, notShown, "a list", "an empty group", "nothing"]);
    assert.deepEqual(problemLines([hiddenProblem("a", "must be b", "write c")]), [
      "a: must be b, got a value that is not shown; write c",
    ]);
  });
});

describe("a path", () => {
  it("is its keys with dots in between, in quotes where they are no words", () => {
    assert.equal(pathText(["a-b", 0, "c.d", 'e"f']), 'a-b.0."c.d"."e\\"f"');
  });
});

describe("a value in a message", () => {
  it("is a text in quotes, a number as JavaScript writes it", () => {
    assert.equal(shown("two\nlines"), '"two\\nlines"');
    assert.deepEqual([Number.NaN, Number.POSITIVE_INFINITY, 0.5, true, null, 5n].map(shown), [
      ...["NaN", "Infinity", "0.5", "true", "null", "5n"],
    ]);
  });

  it("is only what it is, if it holds others or is none that can be written", () => {
    const endless: unknown[] = [];
    endless.push(endless);
    const throwing = {
      get secret(): string {
        throw new Error("the secret");
      },
    };
    const values = [[], ["a"], {}, { a: 1 }, throwing, endless, new Map(), undefined, () => 1, Symbol("a")];
    assert.deepEqual(values.map(shown), [
      ...["an empty list", "a list", "an empty group", "a group", "a group", "a list"],
      ...["an instance of Map", "nothing", "a function", "a symbol"],
    ]);
  });

  it("shows no character that changes what is seen", () => {
    const units = [0, 0x1b, 0x7f, 0x85, 0xa0, 0x200b, 0x2028, 0x202e, 0x2066, 0xfeff, 0xd800, 0xdb40, 0xdc01];
    assert.equal(
      shown(String.fromCharCode(...units)),
      '"\\u0000\\u001b\\u007f\\u0085\\u00a0\\u200b\\u2028\\u202e\\u2066\\ufeff\\ud800\\udb40\\udc01"',
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        assert.doesNotMatch(shown(text), /[\p{C}\p{Zl}\p{Zp}]/u);
        assert.ok(Array.from(shown(text)).length <= 100);
      }),
    );
  });

  it("shows no credentials of an address, and all of an image's reference", () => {
    for (const [text, seen] of [
      ["https://user:pass@host/a", "https://…@host/a"],
      ["ssh://user@host", "ssh://…@host"],
      ["user:p@ss@host", "…@host"],
      ["tcp://a:b/c@host", "tcp://…@host"],
      ["grafana/loki:3@sha256:ab", "grafana/loki:3@sha256:ab"],
      ["loki:3@sha256:ab", "loki:3@sha256:ab"],
      ["me@example.com", "me@example.com"],
    ] as const) {
      assert.equal(shown(text), JSON.stringify(seen));
    }
  });

  it("shows none either of a text that is cut before it is known whether there are any, and looks at no more of it", () => {
    const long = "x".repeat(10_000_000);
    assert.equal(shown(`https://user:pass${long}@host`), '"https://…"');
    assert.equal(shown(`user:pass${long}@host`), '"…"');
    assert.equal(shown(`see https://user:pass@host ${long}`), `"see https://…@host ${"x".repeat(79)}…`);
    // Each beginning of it may be the scheme of an address: one by one, nobody would live to see the end.
    assert.equal(shown(long), `"${"x".repeat(98)}…`);
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
