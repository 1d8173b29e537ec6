import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { parseLoadSettings, startPacing } from "../load-generator/load-generator.ts";

describe("the load generator", () => {
  it("sends 2 requests a second to the backend unless told otherwise", () => {
    assert.deepEqual(parseLoadSettings({}), { requestsPerSecond: 2, targetUrl: "http://backend:8080" });
    assert.deepEqual(parseLoadSettings({ REQUESTS_PER_SECOND: "0.5", TARGET_URL: "http://127.0.0.1:4001/" }), {
      requestsPerSecond: 0.5,
      targetUrl: "http://127.0.0.1:4001",
    });
  });

  it("refuses a rate that is none", () => {
    for (const rate of ["0", "-1", "NaN", "two", "", " ", "Infinity", "1e-9", "1001"]) {
      assert.throws(() => parseLoadSettings({ REQUESTS_PER_SECOND: rate }), {
        message: `REQUESTS_PER_SECOND: must be a number from 0.001 to 1000, got "${rate}"; use for example 2 or 0.5`,
      });
    }
  });

  it("refuses an address that is none", () => {
    assert.throws(() => parseLoadSettings({ TARGET_URL: "backend:8080" }), {
      message: 'TARGET_URL: must be an http address, got "backend:8080"; use for example http://backend:8080',
    });
  });

  it("keeps its rate over a pause of the process, and ends when it is told to", async () => {
    const ticks: number[] = [];
    const startedAt = performance.now();
    const stop = startPacing(100, (index) => ticks.push(index));
    await sleep(50);
    while (performance.now() - startedAt < 150); // nothing else runs meanwhile
    await sleep(100);
    stop();
    const due = Math.floor((performance.now() - startedAt) / 10) + 1;
    const made = ticks.length;
    assert.ok(Math.abs(made - due) <= 3, `${made} of ${due}`);
    assert.deepEqual(ticks, [...ticks.keys()]);
    await sleep(30);
    assert.equal(ticks.length, made);
  });
});
