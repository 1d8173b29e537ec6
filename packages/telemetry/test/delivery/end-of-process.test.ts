import assert from "node:assert/strict";
import { runFixture } from "../support/run-fixture.ts";

interface End {
  readonly signal?: NodeJS.Signals;
  readonly exitCode?: number;
  readonly diesOf?: NodeJS.Signals;
  readonly says: readonly string[];
}

/** How the process ends in each situation; the signal, if there is one, comes when it is ready. */
const ends: Readonly<Record<string, End>> = {
  "nobody else": { signal: "SIGTERM", diesOf: "SIGTERM", says: ["callback", "deliver"] },
  "the application": {
    signal: "SIGTERM",
    exitCode: 0,
    says: ["flush", "the application stops", "the application has stopped", "deliver", "the process has ended"],
  },
  "the application, once and before": {
    signal: "SIGTERM",
    exitCode: 0,
    says: ["flush", "the application stops", "the application has stopped", "deliver", "the process has ended"],
  },
  "a framework that sends the signal again": {
    signal: "SIGTERM",
    diesOf: "SIGTERM",
    says: ["flush", "the framework stops", "deliver"],
  },
  "signal-exit": { signal: "SIGTERM", diesOf: "SIGTERM", says: ["deliver", "signal-exit"] },
  "signals: true": { signal: "SIGTERM", diesOf: "SIGTERM", says: ["the application", "deliver"] },
  "signals: false": { signal: "SIGTERM", diesOf: "SIGTERM", says: [] },
  "a callback without end": {
    signal: "SIGINT",
    diesOf: "SIGINT",
    says: ["Error: took longer than 20 ms", "Error: fails", "callback", "deliver"],
  },
  "a server with a request": { diesOf: "SIGTERM", says: ["answered", "deliver"] },
  "a server that is closed already": { diesOf: "SIGTERM", says: ["deliver"] },
  "a crash": { exitCode: 1, says: ["Error: out of luck", "deliver", "the process has ended"] },
  "a crash that somebody catches": {
    exitCode: 4,
    says: ["Error: out of luck", "flush", "caught", "the process has ended"],
  },
  "a crash while it ends": { exitCode: 1, says: ["Error: out of luck", "the process has ended"] },
  "nothing left to do": { exitCode: 0, says: ["deliver", "the process has ended"] },
  "process.exit": { exitCode: 3, says: ["the process has ended"] },
};

describe("takePartInEnd", () => {
  for (const [scenario, { signal, exitCode = null, diesOf = null, says }] of Object.entries(ends)) {
    it(`${scenario}: ${says.join(", ") || "says nothing"}, then ${diesOf ?? `exit status ${exitCode}`}`, async () => {
      const run = await runFixture("takes-part-in-end.ts", { SCENARIO: scenario }, { signal });
      assert.deepEqual(
        { exitCode: run.exitCode, diesOf: run.diesOf, says: run.lines.filter((line) => line !== "ready") },
        { exitCode, diesOf, says },
      );
    });
  }

  it("leaves some of the time to the delivery although callbacks take all of it", async () => {
    const { lines, diesOf } = await runFixture(
      "takes-part-in-end.ts",
      { SCENARIO: "all callbacks without end" },
      { signal: "SIGTERM" },
    );
    assert.equal(diesOf, "SIGTERM");
    assert.equal(lines.length, 5);
    assert.match(lines[1] ?? "", /^Error: took longer than \d+ ms$/);
    assert.equal(lines.at(-1), "deliver");
  });
});
