import assert from "node:assert/strict";
import type { CheckResult } from "../../../cli/verification/checks.ts";
import { line, table } from "../../../cli/verification/verify.ts";

const results: readonly CheckResult[] = [
  { name: "log in Loki", passed: true, detail: "9 line(s) of 5 service(s)", afterMillis: 1234 },
  {
    name: "trace in Jaeger",
    passed: false,
    cause: "not found within 30 s",
    next: "docker logs observability-dev-jaeger",
  },
];

describe("the result of a verification", () => {
  it("is a table: what passed with the time it took, what failed with its cause and the next command", () => {
    assert.deepEqual(table(results).split("\n"), [
      "  check            result  emit to found",
      "  log in Loki      passed    1.2 s  9 line(s) of 5 service(s)",
      "  trace in Jaeger  FAILED           not found within 30 s",
      "                   next:   docker logs observability-dev-jaeger",
    ]);
  });

  it("is one line each as it comes in", () => {
    assert.deepEqual(results.map(line), [
      "ok      log in Loki: 9 line(s) of 5 service(s)",
      "FAILED  trace in Jaeger: not found within 30 s",
    ]);
  });
});
