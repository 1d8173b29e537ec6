import assert from "node:assert/strict";
import { severityStatements } from "../../../config/collector/severity.ts";

/** What a record with a number gets, in the order of the statements. */
function namesOf(number: number): readonly string[] {
  const pattern =
    /^set\(log\.severity_text, "(\w+)"\) where log\.severity_number >= (\d+) and log\.severity_number < (\d+)$/;
  return severityStatements.flatMap((statement) => {
    const [, name = "", least, below] = pattern.exec(statement) ?? [];
    return number >= Number(least) && number < Number(below) ? [name] : [];
  });
}

describe("the level of a log record", () => {
  it("is one of six names for each of OpenTelemetry's 24 numbers, and left as it is without one", () => {
    const names = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
    const expected = Array.from({ length: 24 }, (_, index) => [names[Math.floor(index / 4)]]);
    assert.deepEqual(
      expected.map((_, index) => namesOf(index + 1)),
      expected,
    );
    assert.deepEqual([namesOf(0), namesOf(25)], [[], []]);
  });

  it("is what Loki shows as well, once the name is known, whatever attributes the record has", () => {
    assert.equal(
      severityStatements.at(-1),
      'set(log.attributes["detected_level"], ConvertCase(log.severity_text, "lower")) where log.severity_number > 0',
    );
  });
});
