import assert from "node:assert/strict";
import fc from "fast-check";
import { lineChart } from "../../bench/chart.ts";

describe("a chart of lines", () => {
  it("names its lines from the one that ends highest down, as Mermaid draws no legend", () => {
    const series = [
      { name: "loki", values: [40, 90.4] },
      { name: "jaeger", values: [10, 300.6] },
    ];
    assert.equal(
      lineChart("Memory", { across: ["minutes", 12], up: "MiB" }, series),
      [
        "```mermaid",
        "xychart-beta",
        '  title "Memory: jaeger, loki"',
        '  x-axis "minutes" 0 --> 12',
        '  y-axis "MiB" 0 --> 301',
        "  line [10, 301]",
        "  line [40, 90]",
        "```",
        "",
      ].join("\n"),
    );
  });

  it("shows no more points than can be told apart, the first and the last among them", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 999 }), { minLength: 1, maxLength: 300 }), (values) => {
        const text = lineChart("Memory", { across: ["minutes", 1], up: "MiB" }, [{ name: "loki", values }]);
        const shown = JSON.parse(/line (\[.*\])/.exec(text)?.[1] ?? "null") as readonly number[];
        assert.equal(shown.length, Math.min(40, values.length));
        assert.deepEqual([shown.at(0), shown.at(-1)], [values.at(0), values.at(-1)]);
      }),
    );
  });
});
