import assert from "node:assert/strict";
import { group, hostPort, variables, wholeNumber } from "../../config/fields.ts";
import { parseWith } from "../../config/parse.ts";
import { problem, type Problem } from "../../config/problem.ts";

const schema = group({
  port: hostPort(3000),
  store: group({ size: wholeNumber({ least: 1, most: 9, change: "set 5" }), env: variables().optional() }).optional(),
});

function linesOf(input: unknown, acrossFields: (input: unknown) => readonly Problem[] = () => []): readonly string[] {
  try {
    parseWith(schema, input, acrossFields);
  } catch (error) {
    if (error instanceof Error) return error.message.split("\n");
    throw error;
  }
  return [];
}

describe("parseWith", () => {
  it("gives what the schema makes of the input", () => {
    assert.deepEqual(
      parseWith(schema, { store: { size: 5 } }, () => []),
      { port: 3000, store: { size: 5 } },
    );
  });

  it("reports one problem of a value that breaks several checks", () => {
    assert.deepEqual(linesOf({ store: { size: 0.5 } }), [
      "the configuration has 1 problem(s), nothing was changed (OBS1001):",
      "  store.size: must be a whole number from 1 to 9, got 0.5; set 5",
    ]);
  });

  it("reports each unknown key on its own, wherever it is, with the path to what was meant", () => {
    assert.deepEqual(linesOf({ prt: 1, store: { size: 5, sizes: 6, colour: "red" } }).slice(1), [
      "  store.sizes: is no setting, got a value that is not shown; did you mean store.size?",
      "  store.colour: is no setting, got a value that is not shown; remove it, or use one of size, env",
      "  prt: is no setting, got a value that is not shown; did you mean port?",
    ]);
  });

  it("takes no name of JavaScript for a setting", () => {
    assert.deepEqual(linesOf(JSON.parse('{"__proto__":1,"constructor":2}')).slice(1), [
      "  __proto__: must not be the name of a value, got a value that is not shown; remove it",
      "  constructor: is no setting, got a value that is not shown; remove it, or use one of port, store",
    ]);
  });

  it("quotes a key that is not a word, so that a line stays one", () => {
    assert.deepEqual(linesOf({ "a.b\nc": 1 }).slice(1), [
      '  "a.b\\nc": is no setting, got a value that is not shown; remove it, or use one of port, store',
    ]);
  });

  it("asks for what is wrong across fields although single fields are wrong", () => {
    const across = (input: unknown): readonly Problem[] => [problem("store", "must fit", input, "change it")];
    assert.deepEqual(linesOf({ port: 1.5 }, across).slice(1), [
      "  port: must be a whole number from 1024 to 65535 (the lower ones are reserved for the system), got 1.5; choose one that is free, for example 3000",
      "  store: must fit, got a group; change it",
    ]);
    assert.equal(linesOf({}, across).length, 2);
  });
});
