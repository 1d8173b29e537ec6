import assert from "node:assert/strict";
import { selectInstrumentations } from "../../src/instrumentations/selection.ts";

describe("selectInstrumentations", () => {
  const select = (enabled: string, disabled: string): [selected: readonly string[], reports: readonly string[]] => {
    const reports: string[] = [];
    const env = { OTEL_NODE_ENABLED_INSTRUMENTATIONS: enabled, OTEL_NODE_DISABLED_INSTRUMENTATIONS: disabled };
    const selected = selectInstrumentations(env, ["fs", "http", "pg"], ["http", "pg"], (text) => reports.push(text));
    return [selected, reports];
  };
  const cases: readonly [enabled: string, disabled: string, selected: readonly string[]][] = [
    ["", "", ["http", "pg"]],
    ["pg", "", ["pg"]],
    [" pg , fs ,", "", ["fs", "pg"]],
    ["", "pg", ["http"]],
    ["http,pg", "pg", ["http"]],
  ];
  for (const [enabled, disabled, selected] of cases) {
    it(`takes ${selected.join(" and ")} with "${enabled}" enabled and "${disabled}" disabled`, () => {
      assert.deepEqual(select(enabled, disabled), [selected, []]);
    });
  }

  it("says which names nobody has", () => {
    assert.deepEqual(select("pgg,http", "x"), [
      ["http"],
      [
        "OTEL_NODE_ENABLED_INSTRUMENTATIONS: no instrumentation has this name, got pgg; use of fs, http, pg",
        "OTEL_NODE_DISABLED_INSTRUMENTATIONS: no instrumentation has this name, got x; use of fs, http, pg",
      ],
    ]);
  });
});
