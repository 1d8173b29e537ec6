import assert from "node:assert/strict";
import { checkedTargets } from "../support/check-target.ts";
import { panelsOf } from "../support/dashboard.ts";

describe("the logs dashboard", () => {
  it("looks for the text and the level that are chosen in every query, beside who wrote a line", async () => {
    const targets = await checkedTargets("logs");
    assert.equal(targets.length, 4);
    for (const { target } of targets) {
      assert.ok(
        target.expr.includes(
          '{service_namespace=~"$namespace",service_namespace!="stack",service_name=~"$service",deployment_environment_name=~"$environment"} |~ `(?i)$search` | detected_level=~"$level"',
        ),
        target.expr,
      );
    }
  });

  it("has the lines as they were written one click away", () => {
    const [lines] = panelsOf("logs").filter(({ type }) => type === "logs");
    assert.deepEqual(
      lines?.links.map(({ title }) => title),
      ["The lines as they were written"],
    );
  });
});
