import assert from "node:assert/strict";
import { componentId, componentType } from "../../../config/collector/components.ts";

describe("a component's name", () => {
  it("is one that the Collector reads without changing anything", () => {
    const good = ["otlp", "otlp_http/loki", "a/b/c", "A1_/ä.-b"];
    const bad = [
      "",
      " otlp",
      "otlp ",
      "otlp /a",
      "otlp/ a",
      "otlp/",
      "/a",
      "1a",
      "a-b",
      "a/b c",
      "a/$b",
      "a/b\u00a0",
      "a\n",
    ];
    assert.deepEqual(
      [...good, ...bad].filter((id) => componentId.test(id)),
      good,
    );
    assert.equal(componentType("a/b/c"), "a");
  });
});
