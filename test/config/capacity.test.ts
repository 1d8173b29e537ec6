import assert from "node:assert/strict";
import fc from "fast-check";
import {
  amountsOf,
  capacityOf,
  coresOf,
  diskOf,
  memoryMibOf,
  neededGib,
  type Capacity,
} from "../../config/capacity.ts";
import { expectedSchema, type Expected } from "../../config/expected-settings.ts";
import { keptData, partEntries } from "../../config/parts/parts.ts";
import { runningHostsOf } from "../../config/parts/processes.ts";
import { knownParts } from "../support/further-parts.ts";
import { settings } from "../support/settings.ts";

const anyExpected = fc.record({
  services: fc.integer({ min: 1, max: 200 }),
  linesPerSecond: fc.double({ min: 0, max: 5000, noNaN: true }),
  lineBytes: fc.integer({ min: 1, max: 1000 }),
  spansPerSecond: fc.double({ min: 0, max: 2000, noNaN: true }),
  activeSeries: fc.integer({ min: 0, max: 50_000 }),
  secondsBetweenPoints: fc.integer({ min: 1, max: 60 }),
});
const rates = ["services", "linesPerSecond", "lineBytes", "spansPerSecond", "activeSeries"] as const;
const kept = keptData.map(([name]) => name);

/** All that a stack takes, as one list of numbers. */
function taken(expected: Expected): readonly number[] {
  const amounts = amountsOf(expected, undefined);
  const names = partEntries.map(([name]) => name);
  return [
    ...names.map((name) => memoryMibOf(name, amounts) ?? 0),
    ...names.map((name) => coresOf(name, amounts) ?? 0),
    ...kept.map((name) => diskOf([name], amounts, 30, 512, undefined).gib),
  ];
}

function capacityWith(expected: Partial<Expected>, more: Parameters<typeof settings>[0] = {}): Capacity {
  const found = capacityOf(settings({ ...more, expected }));
  assert.ok(found);
  return found;
}

describe("what a stack is expected to take", () => {
  it("is never less where more comes of anything", () => {
    fc.assert(
      fc.property(anyExpected, fc.constantFrom(...rates), fc.integer({ min: 1, max: 10_000 }), (given, rate, more) => {
        const before = taken(given);
        const after = taken({ ...given, [rate]: given[rate] + more });
        assert.ok(after.every((value, index) => value >= (before[index] ?? Infinity)));
      }),
    );
  });

  it("is never less where points are closer together, or more of the traces are stored", () => {
    fc.assert(
      fc.property(anyExpected, fc.integer({ min: 0, max: 99 }), (given, keepPercent) => {
        const before = taken({ ...given, secondsBetweenPoints: given.secondsBetweenPoints + 1 });
        assert.ok(taken(given).every((value, index) => value >= (before[index] ?? Infinity)));
        const sampling = { keepPercent, slowerThanMillis: 0, decisionWaitSeconds: 10, services: {} };
        const sampled = memoryMibOf("jaeger", amountsOf(given, sampling)) ?? Infinity;
        assert.ok((memoryMibOf("jaeger", amountsOf(given, undefined)) ?? 0) >= sampled);
      }),
    );
  });

  it("fits the disk for as many days as it says, and not for one more", () => {
    fc.assert(
      fc.property(anyExpected, fc.integer({ min: 1, max: 100_000 }), (given, roomGib) => {
        const amounts = amountsOf({ ...given, linesPerSecond: given.linesPerSecond + 1 }, undefined);
        const { daysThatFit = NaN } = diskOf(kept, amounts, 30, 512, roomGib);
        const gibAfter = (days: number): number => diskOf(kept, amounts, days, 512, roomGib).gib;
        if (daysThatFit > 0) assert.ok(gibAfter(daysThatFit) <= roomGib * 0.9 + 1e-6);
        assert.ok(gibAfter(daysThatFit + 1) > roomGib * 0.9);
        assert.ok(gibAfter(30) <= neededGib({ gib: gibAfter(30) }) * 0.9 + 1e-6);
      }),
    );
  });

  it("has no more logs than they may take, but for a day, and the rest of the disk for the others", () => {
    const amounts = amountsOf(expectedSchema.parse({ linesPerSecond: 1000, spansPerSecond: 10 }), undefined);
    const gib = (days: number, maxLogGib?: number): number =>
      diskOf(["loki"], amounts, days, 512, undefined, maxLogGib).gib;
    const [base, day] = [gib(0), gib(1) - gib(0)];
    const nearly = (value: number): number => Math.round(value * 1e6) / 1e6;
    assert.deepEqual(
      [gib(30, 10 * day), gib(5, 10 * day), gib(30, day / 10)].map((value) => nearly((value - base) / day)),
      [10, 5, 1],
    );
    const fitting = (maxLogGib?: number): number =>
      diskOf(["loki", "jaeger"], amounts, 30, 512, 1000, maxLogGib).daysThatFit ?? NaN;
    assert.ok(fitting(10 * day) > fitting());
  });

  it("is known of every part that the tests know by name, and said not to be of any other one", () => {
    const { parts, notMeasured } = capacityWith({ linesPerSecond: 1 });
    const measured = parts.map(({ part }) => part);
    assert.deepEqual(
      knownParts.map(({ host }) => host).filter((host) => !measured.includes(host)),
      [],
    );
    assert.deepEqual([...measured, ...notMeasured].sort(), runningHostsOf(settings()).toSorted());
  });

  it("has the part's limit, the sum of all of them, and the room on Docker's one disk", () => {
    const { parts, total, retentionDays } = capacityWith(
      { linesPerSecond: 10, diskGib: 100 },
      { retentionHours: 48, memoryMib: { loki: 300 } },
    );
    assert.equal(retentionDays, 2);
    assert.equal(parts.find(({ part }) => part === "loki")?.memoryMib.limit, 300);
    assert.equal(
      total.memoryMib.expected,
      parts.reduce((sum, { memoryMib }) => sum + memoryMib.expected, 0),
    );
    assert.deepEqual([total.disk.roomGib, parts.map(({ disk }) => disk?.roomGib).filter(Number)], [100, []]);
  });

  it("has the room of each volume on Kubernetes", () => {
    const kubernetes = { context: "kind-a", storageGib: { loki: 77 } };
    const { parts, total } = capacityWith({ linesPerSecond: 10 }, { target: "kubernetes", kubernetes });
    const of = (name: string): unknown => parts.find(({ part }) => part === name)?.disk?.roomGib;
    assert.deepEqual([of("loki"), of("grafana"), of("canary"), total.disk.roomGib], [77, 1, undefined, undefined]);
  });

  it("leaves out a part that does not run", () => {
    const { parts } = capacityWith({ linesPerSecond: 10 }, { canary: { enabled: false } });
    assert.ok(!parts.some(({ part }) => part === "canary"));
  });

  it("counts as stored what is kept of all traces", () => {
    const sampling = { keepPercent: 10, slowerThanMillis: 0, decisionWaitSeconds: 8, services: {} };
    const { spans, storedSpans, waitingSpans } = amountsOf(expectedSchema.parse({ spansPerSecond: 50 }), sampling);
    assert.deepEqual([spans, storedSpans, waitingSpans], [50, 5, 400]);
  });

  it("is nothing while nothing is said of what comes, and without the stack", () => {
    assert.equal(capacityOf(settings({})), undefined);
    assert.equal(capacityOf(settings({ expected: { services: 5, diskGib: 1 } })), undefined);
    assert.equal(capacityOf(settings({ observability: false, expected: { linesPerSecond: 1 } })), undefined);
  });

  it("is within the limits of memory by default for 500 lines and 300 spans a second and 5,000 series", () => {
    for (const { part, memoryMib } of capacityWith({ linesPerSecond: 500, spansPerSecond: 300, activeSeries: 5000 })
      .parts) {
      assert.ok(memoryMib.expected < memoryMib.limit, part);
    }
  });
});
