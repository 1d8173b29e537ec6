import assert from "node:assert/strict";
import fc from "fast-check";
import { againShare, mostShare, retentionFor } from "../../disk-guard/retention.mjs";

const limitBytes = 1000;

/** Any days of logs, newest first, and a retention in force that some look may have left. */
const known = fc
  .record({
    bytesByDay: fc.array(fc.integer({ min: 0, max: 1200 }), { minLength: 1, maxLength: 40 }),
    lessHours: fc.integer({ min: 0, max: 23 }),
    setDay: fc.nat(),
  })
  .map(({ bytesByDay, lessHours, setDay }) => {
    const days = bytesByDay.length;
    // Half a day at the end, unless there is but one.
    const configuredHours = days * 24 - (days === 1 ? 0 : lessHours);
    const setHours = Math.min(((setDay % days) + 1) * 24, configuredHours);
    return { bytesByDay, limitBytes, configuredHours, setHours };
  });

const sum = (bytes: readonly number[]): number => bytes.reduce((all, each) => all + each, 0);

/** Bytes of what a retention keeps. */
const kept = (bytesByDay: readonly number[], hours: number): number => sum(bytesByDay.slice(0, Math.ceil(hours / 24)));

describe("the retention that fits", () => {
  it("is whole days, or what is configured: a day at least, and never more than that", () => {
    fc.assert(
      fc.property(known, (given) => {
        const hours = retentionFor(given);
        assert.ok(hours >= 24 && hours <= given.configuredHours);
        assert.ok(hours % 24 === 0 || hours === given.configuredHours);
      }),
    );
  });

  it("keeps what fits into the limit with room for what comes, or a single day", () => {
    fc.assert(
      fc.property(known, (given) => {
        const hours = retentionFor(given);
        assert.ok(hours === 24 || kept(given.bytesByDay, hours) <= limitBytes * mostShare);
      }),
    );
  });

  it("is never shorter than it has to be", () => {
    fc.assert(
      fc.property(known, (given) => {
        const hours = retentionFor(given);
        if (hours < given.setHours) assert.ok(kept(given.bytesByDay, hours + 24) > limitBytes * mostShare);
      }),
    );
  });

  it("stays once it is set, and does not go up and down", () => {
    fc.assert(
      fc.property(known, (given) => {
        const setHours = retentionFor(given);
        assert.equal(retentionFor({ ...given, setHours }), setHours);
      }),
    );
  });

  it("grows again to as many days as fit with some more room", () => {
    const given = { limitBytes, configuredHours: 6 * 24, setHours: 2 * 24 };
    assert.equal(againShare, 0.7);
    assert.equal(retentionFor({ ...given, bytesByDay: [100, 200, 200, 200, 1, 0] }), 4 * 24);
    assert.equal(retentionFor({ ...given, bytesByDay: [0, 0, 0, 0, 0, 0] }), 6 * 24);
  });
});
