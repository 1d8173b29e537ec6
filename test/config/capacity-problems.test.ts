import assert from "node:assert/strict";
import fc from "fast-check";
import { previewStack } from "../../components/testing.ts";
import { mostMeasured } from "../../config/capacity.ts";
import { capacityProblems } from "../../config/capacity-problems.ts";
import { parseSettings } from "../../config/parse-settings.ts";
import { forEachPart } from "../../config/parts/parts.ts";
import { problemLines } from "../../config/problem.ts";
import { refusalOf } from "../support/refusal.ts";
import { recordedIdentity as identity } from "../support/record-resources.ts";

/** Lines of what is refused, without the numbers that were measured. */
function refused(input: object): readonly string[] {
  return problemLines(capacityProblems(input)).map((line) => line.replaceAll(/\d+/g, "N"));
}

const expected = { linesPerSecond: 1000, spansPerSecond: 100, activeSeries: 1000 };

describe("what cannot fit what is expected", () => {
  it("is refused with everything else that is wrong, before anything is created, in previews too", async () => {
    const input = { retentionHours: 1, memoryMib: { loki: 128 }, expected: { ...expected, services: 200 } };
    const message = refusalOf(() => parseSettings(input, identity));
    assert.match(message, /^ {2}retentionHours: /m);
    assert.match(
      message,
      /^ {2}memoryMib\.loki: must hold what Loki takes for what is expected, (\d+) MiB, got 128; set at least \1, or expect less$/m,
    );
    await assert.rejects(previewStack({ memoryMib: { loki: 128 }, expected: { ...expected, services: 200 } }), {
      message: /^the configuration has 1 problem\(s\), nothing was changed \(OBS1001\):\n {2}memoryMib\.loki: /,
    });
  });

  it("is a disk on Docker that is smaller than what comes in the retention, with the days that fit", () => {
    assert.deepEqual(refused({ expected: { ...expected, diskGib: 500 } }), [
      "expected.diskGib: must hold what is expected in retentionHours (N), with a tenth left free, got N; set at least N, retentionHours to N, or expect less",
    ]);
    assert.deepEqual(refused({ expected: { ...expected, diskGib: 10 } }), [
      "expected.diskGib: must hold what is expected in retentionHours (N), with a tenth left free, got N; set at least N, or expect less",
    ]);
    assert.deepEqual(refused({ expected: { ...expected, diskGib: 100_000 } }), []);
  });

  it("is each volume on Kubernetes, where no size of one disk may be given", () => {
    const storageGib = { loki: 5, victoriaMetrics: 50_000, jaeger: 50_000 };
    const kubernetes = { context: "kind-a", storageGib };
    assert.deepEqual(refused({ target: "kubernetes", kubernetes, expected: { ...expected, diskGib: 7 } }), [
      "kubernetes.storageGib.loki: must hold what is expected in retentionHours (N), with a tenth left free, got N; set at least N, or expect less",
      "expected.diskGib: must be left out with the target kubernetes, where each volume has a size of its own, got N; set kubernetes.storageGib",
    ]);
    assert.deepEqual(refused({ kubernetes, expected }), []);
  });

  it("is no volume on Kubernetes for logs that may not take more than it has", () => {
    const storageGib = { loki: 5, victoriaMetrics: 50_000, jaeger: 50_000 };
    const kubernetes = { context: "kind-a", storageGib };
    const few = { ...expected, linesPerSecond: 50 };
    const path = "kubernetes.storageGib.loki";
    const refusedPaths = (loki: object): readonly string[] =>
      capacityProblems({ target: "kubernetes", kubernetes, expected: few, loki }).map((problem) => problem.path);
    assert.deepEqual([refusedPaths({}), refusedPaths({ maxDiskGib: 4 })], [[path], []]);
  });

  it("is a limit of processor time on Kubernetes", () => {
    const storageGib = { loki: 50_000, victoriaMetrics: 50_000, jaeger: 50_000 };
    const of = (cpuLimitMillicores: number): object => ({
      target: "kubernetes",
      kubernetes: { context: "kind-a", storageGib, resources: { loki: { cpuLimitMillicores } } },
      expected,
    });
    assert.deepEqual(refused(of(20)), [
      "kubernetes.resources.loki.cpuLimitMillicores: must be what Loki takes for what is expected, N, got N; set at least N, leave it out, or expect less",
    ]);
    assert.deepEqual(refused(of(2000)), []);
  });

  it("is more of anything than was measured, however much memory there is", () => {
    const memoryMib = forEachPart(() => 1024 ** 2);
    const least = { linesPerSecond: mostMeasured.lines, spansPerSecond: mostMeasured.spans };
    const activeSeries = mostMeasured.points * 5;
    assert.deepEqual(refused({ memoryMib, expected: { ...least, activeSeries } }), []);
    const advice = "expect less, or leave expected out and measure it";
    assert.deepEqual(
      refused({
        memoryMib,
        expected: {
          linesPerSecond: mostMeasured.lines + 1,
          spansPerSecond: mostMeasured.spans + 1,
          activeSeries: activeSeries + 1,
        },
      }),
      [
        `expected.linesPerSecond: must be at most N lines of N bytes, the most that was measured to be stored, got N; ${advice}`,
        `expected.spansPerSecond: must be at most N, the most that was measured to be stored, got N; ${advice}`,
        `expected.activeSeries: must be at most N with a point every N s, the most that was measured to be stored, got N; ${advice}`,
      ],
    );
    // Of longer lines fewer.
    assert.equal(refused({ memoryMib, expected: { linesPerSecond: mostMeasured.lines, lineBytes: 700 } }).length, 1);
  });

  it("is nothing of a setting that is wrong by itself, and nothing while nothing is expected or runs", () => {
    const little = { memoryMib: { loki: 128 }, expected: { ...expected, services: 200, diskGib: 1 } };
    assert.equal(refused(little).length, 2);
    assert.equal(refused({ ...little, memoryMib: { loki: "128" } }).length, 1);
    assert.equal(refused({ ...little, retentionHours: 1 }).length, 1);
    assert.deepEqual(refused({ ...little, expected: { linesPerSecond: -1 } }), []);
    assert.deepEqual(refused({ ...little, expected: { services: 200, diskGib: 1 } }), []);
    assert.deepEqual(refused({ ...little, observability: false }), []);
  });

  it("is never refused with more memory where it was accepted with less", () => {
    const limits = fc.record(forEachPart(({ memoryMib }) => fc.integer({ min: memoryMib.minimum, max: 2000 })));
    const more = fc.record(forEachPart(() => fc.nat({ max: 5000 })));
    const anyExpected = fc.record({
      services: fc.integer({ min: 1, max: 500 }),
      linesPerSecond: fc.integer({ min: 1, max: 30_000 }),
      spansPerSecond: fc.integer({ min: 0, max: 10_000 }),
      activeSeries: fc.integer({ min: 0, max: 1_000_000 }),
    });
    fc.assert(
      fc.property(limits, more, anyExpected, (memoryMib, added, given) => {
        const larger = forEachPart((_, name) => memoryMib[name] + added[name]);
        const before = capacityProblems({ memoryMib, expected: given }).map(({ path }) => path);
        const after = capacityProblems({ memoryMib: larger, expected: given }).map(({ path }) => path);
        assert.deepEqual(
          after.filter((path) => !before.includes(path)),
          [],
        );
      }),
    );
  });
});
