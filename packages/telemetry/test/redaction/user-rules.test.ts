import assert from "node:assert/strict";
import { createRedactor } from "../../src/redaction/redactor.ts";
import type { RedactionOptions } from "../../src/redaction/user-rules.ts";

function redactorOf(options: RedactionOptions): {
  readonly value: (value: unknown) => unknown;
  readonly problems: string[];
} {
  const problems: string[] = [];
  const { value } = createRedactor(options, (problem) => problems.push(problem));
  return { value, problems };
}

describe("redaction by users' rules", () => {
  it("redacts the users' keys and leaves those that they allow, however they are spelled", () => {
    const { value } = redactorOf({ keys: ["employeeNumber"], allow: ["push_token"] });
    assert.deepEqual(value({ employee_number: "7", pushToken: "a", note: "Employee-Number: 7, token=b" }), {
      employee_number: "[REDACTED]",
      pushToken: "a",
      note: "Employee-Number: [REDACTED], token=[REDACTED]",
    });
  });

  it("replaces what the users' expressions find, by the rules of RE2", () => {
    const { value, problems } = redactorOf({
      patterns: [/\bEMP-\d{6}\b/i, { pattern: /(card )\d+/, replacement: "$1****" }],
    });
    assert.deepEqual([value("emp-123456 card 4111"), problems], ["[REDACTED] card ****", []]);
  });

  it("switches rules off", () => {
    const { value } = redactorOf({ without: ["mailAddresses"] });
    assert.equal(value("jane.doe@example.com password=x"), "jane.doe@example.com password=[REDACTED]");
  });

  it("reports every option that it cannot use, by its path, and goes on with the others", () => {
    const wrong = {
      keys: ["", 7, "pin"],
      allow: "x",
      patterns: [/(?=a)/, /a*/, "a", /(a)\1/, /ok/],
      without: ["mail"],
    };
    const { value, problems } = redactorOf(wrong as unknown as RedactionOptions);
    assert.deepEqual(
      problems.map((problem) => problem.split(":")[0]),
      [
        "redaction.keys[0]",
        "redaction.keys[1]",
        "redaction.allow",
        "redaction.patterns[0]",
        "redaction.patterns[1]",
        "redaction.patterns[2]",
        "redaction.patterns[3]",
        "redaction.without[0]",
      ],
    );
    assert.equal(value("ok"), "[REDACTED]");
  });
});
