import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { plainInput } from "../../config/plain.ts";
import { problemLines } from "../../config/problem.ts";

function linesOf(input: unknown): readonly string[] {
  return problemLines(plainInput(input).problems);
}

describe("plain data", () => {
  it("is whatever JSON can say, numbers that it cannot say, and undefined, and comes back as it is", () => {
    const plain = fc.object({
      // That one is refused.
      key: fc.string().filter((name) => name !== "__proto__"),
      maxDepth: 5,
      values: [fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.constant(undefined)],
    });
    fc.assert(
      fc.property(plain, (input) => {
        assert.deepEqual(plainInput(input), { value: input, problems: [] });
      }),
    );
  });

  it("is an object of another context as well, where a test runner runs programs", () => {
    assert.deepEqual(linesOf(runInNewContext('({ a: { b: [1, "x"] } })')), []);
  });

  it("is nothing else: each of these is told by what it is, and undefined stands in its place", () => {
    class Port {
      readonly port = 80;
    }
    const cyclic: Record<string, unknown> = { name: "a" };
    cyclic["self"] = { again: cyclic };
    const input = {
      output: pulumi.output("x"),
      secret: pulumi.secret({ a: 1 }),
      promise: Promise.resolve(1),
      call: (): number => 1,
      symbol: Symbol("x"),
      big: 5n,
      list: [1, new Port()],
      "a date": new Date(0),
      cyclic,
    };
    assert.deepEqual(linesOf(input), [
      "output: must be plain data, got an Output of Pulumi; an Output is known only during a deployment, and this is judged before it: write the value that it is made from",
      "secret: must be plain data, got an Output of Pulumi; an Output is known only during a deployment, and this is judged before it: write the value that it is made from",
      "promise: must be plain data, got a Promise; put await in front",
      "call: must be plain data, got a function; call it, or leave it out",
      "symbol: must be plain data, got a symbol; write it as text",
      "big: must be plain data, got 5n; write it as a number, without the n",
      "list.1: must be plain data, got an instance of Port; write its fields as a plain object",
      '"a date": must be plain data, got an instance of Date; write its fields as a plain object',
      "cyclic.self.again: must be plain data, got a value that contains itself; leave the reference back out",
    ]);
    assert.deepEqual(plainInput({ list: [1, 5n, 2] }).value, { list: [1, undefined, 2] });
  });

  it("may have one value in two places", () => {
    const shared = { port: 80 };
    assert.deepEqual(linesOf({ one: shared, two: shared }), []);
  });

  it("is not nested without an end", () => {
    let deep: unknown = "x";
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    const [line = "", ...others] = linesOf(deep);
    assert.deepEqual(others, []);
    assert.match(line, /: must be plain data, got 100 values in each other; nest it less$/);
  });

  const throwing = {
    get a(): number {
      throw new Error("secret");
    },
  };
  const many = "must have at most 100000";
  for (const [what, input, line] of [
    ["a getter that throws", throwing, "a: must be readable, got one that throws an error; hand over a plain value"],
    [
      "a name of JavaScript's own",
      JSON.parse('{"a":{"__proto__":{"b":1}}}'),
      "a.__proto__: must not be the name of a value, got a value that is not shown; remove it",
    ],
    ["a list without an end", { a: new Array(4e9) }, `a: ${many} entries, got more; leave out what nothing reads`],
  ] as const) {
    it(`is not ${what}`, () => {
      assert.deepEqual(linesOf(input), [line]);
    });
  }

  it("is read without a crash, whichever of its objects throws an error at whatever is asked of it", () => {
    const fail = (): never => {
      throw new RangeError("the secret");
    };
    const getter = { enumerable: true, get: fail };
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    // Each in a function: fast-check looks into what it makes.
    const throwing: readonly (() => unknown)[] = [
      ...(["get", "ownKeys", "getOwnPropertyDescriptor", "getPrototypeOf"] as const).map(
        (trap) => () => new Proxy({ a: 1 }, { [trap]: fail }),
      ),
      () => new Proxy([1], { get: fail }),
      () => Object.defineProperty({}, "a", getter),
      () => Object.defineProperty([1], "0", getter),
      () => revoked.proxy,
    ];
    const around = fc.array(fc.constantFrom("list", "group"), { maxLength: 5 });
    fc.assert(
      fc.property(fc.constantFrom(...throwing), around, (make, kinds) => {
        const input = kinds.reduce<unknown>((value, kind) => (kind === "list" ? [0, value] : { key: value }), make());
        const [line = "", ...others] = linesOf(input);
        assert.deepEqual(others, []);
        const keys = kinds.toReversed().map((kind) => (kind === "list" ? "1" : "key"));
        assert.ok(line.startsWith(keys.join(".")), line);
        assert.match(line, /: must be readable, got one that throws an error; hand over a plain value$/);
      }),
    );
  });

  it("is not so much that nobody could walk through it", () => {
    const doubled = Array.from({ length: 90 }).reduce<unknown>((inner) => [inner, inner], 1);
    const [line = "", ...others] = linesOf(doubled);
    assert.deepEqual(others, []);
    assert.match(line, /: must have at most 100000 values in all, got more; leave out what nothing reads$/);
  });
});
