import assert from "node:assert/strict";
import { failedCheck } from "../../config/failed-check.ts";

const first = "otelCollector.config: must be accepted by the program that reads it; correct what it reports (OBS1005):";

function message(said: string, secrets: readonly string[] = []): readonly string[] {
  return failedCheck("otelCollector.config", said, secrets).split("\n");
}

describe("the message of a failed check", () => {
  it("has the setting and the program's own words", () => {
    assert.deepEqual(message("Error: a\n\n  b  \n"), [first, "  Error: a", "  b"]);
    assert.deepEqual(message(""), [first, "  it printed nothing"]);
  });

  it("is short, however much the program says", () => {
    const lines = message(Array.from({ length: 20 }, (_, index) => `${index}${"x".repeat(300)}`).join("\n"));
    assert.equal(lines.length, 6);
    assert.equal(lines[1]?.length, 202);
    assert.equal(lines[5], "  … and 16 more line(s)");
  });

  it("has no secret in it, also of several lines", () => {
    assert.deepEqual(message("bad: one\ntwo, three", ["one\ntwo", "three"]), [first, "  bad: [secret], [secret]"]);
    // As a file for the Collector has it, and as the Collector has read it.
    assert.deepEqual(message("bad: a$$b and a$b", ["a$$b"]), [first, "  bad: [secret] and [secret]"]);
  });
});
