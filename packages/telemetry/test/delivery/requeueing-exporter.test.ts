import assert from "node:assert/strict";
import { ExportResultCode, type ExportResult } from "@opentelemetry/core";
import fc from "fast-check";
import {
  RequeueingExporter,
  type LossReason,
  type RequeueingExporterOptions,
} from "../../src/delivery/requeueing-exporter.ts";

type Outcome = "accept" | "fail" | "refuse" | "hang";

/** A Collector that behaves as told, then accepts everything. */
class Collector {
  readonly outcomes: Outcome[];
  readonly delivered: number[] = [];
  readonly refused: number[] = [];
  built = 0;
  stopped = 0;

  constructor(outcomes: readonly Outcome[]) {
    this.outcomes = [...outcomes];
  }

  connect() {
    this.built += 1;
    return {
      export: (items: number[], done: (result: ExportResult) => void): void => {
        const outcome = this.outcomes.shift() ?? "accept";
        if (outcome === "hang") return;
        if (outcome === "accept") this.delivered.push(...items);
        if (outcome === "refuse") this.refused.push(...items);
        setImmediate(
          done,
          {
            accept: { code: ExportResultCode.SUCCESS },
            fail: failure(14, "14 UNAVAILABLE"),
            refuse: failure(3, "3 INVALID_ARGUMENT"),
          }[outcome],
        );
      },
      shutdown: (): Promise<void> => {
        this.stopped += 1;
        return Promise.resolve();
      },
    };
  }
}

function failure(code: number, message: string): ExportResult {
  return { code: ExportResultCode.FAILED, error: Object.assign(new Error(message), { code }) };
}

function connect(outcomes: readonly Outcome[], options: Partial<RequeueingExporterOptions<number>> = {}) {
  const collector = new Collector(outcomes);
  const counted: Partial<Record<LossReason | "delivered", number>> = {};
  const reports: string[] = [];
  const exporter = new RequeueingExporter<number>({
    createInner: () => collector.connect(),
    maxQueueSize: 100,
    itemName: "log records",
    count: (items, lost = "delivered" as never) => {
      counted[lost] = (counted[lost] ?? 0) + items;
    },
    report: (message) => reports.push(message),
    initialBackoffMillis: 1,
    maxBackoffMillis: 2,
    ...options,
  });
  const offer = (...items: number[]): ExportResultCode => {
    let code = ExportResultCode.FAILED;
    exporter.export(items, (result) => {
      code = result.code;
    });
    return code;
  };
  return { collector, counted, reports, exporter, offer };
}

describe("RequeueingExporter", () => {
  it("acknowledges at once and delivers in order what failed at first", async () => {
    const { collector, counted, reports, exporter, offer } = connect(["fail", "fail", "accept", "fail"]);
    assert.deepEqual([offer(1, 2), offer(3)], [ExportResultCode.SUCCESS, ExportResultCode.SUCCESS]);
    await exporter.forceFlush();
    assert.deepEqual(collector.delivered, [1, 2, 3]);
    assert.deepEqual(counted, { delivered: 3 });
    assert.deepEqual(reports, [
      "log records wait, at most 100, and are sent again: 14 UNAVAILABLE",
      "log records are delivered again",
      "log records wait, at most 100, and are sent again: 14 UNAVAILABLE",
      "log records are delivered again",
    ]);
  });

  it("refuses what it has no room for, counts it and says so once", async () => {
    const { counted, reports, exporter, offer, collector } = connect(["fail"], { maxQueueSize: 3 });
    assert.deepEqual(
      [offer(1, 2), offer(3, 4), offer(5), offer(6)],
      [ExportResultCode.SUCCESS, ExportResultCode.FAILED, ExportResultCode.SUCCESS, ExportResultCode.FAILED],
    );
    await exporter.shutdown();
    assert.deepEqual(collector.delivered, [1, 2, 5]);
    assert.deepEqual(counted, { queue_full: 3, delivered: 3 });
    assert.deepEqual(reports, [
      "3 log records wait already; newer ones are dropped and counted",
      "log records wait, at most 3, and are sent again: 14 UNAVAILABLE",
      "log records are delivered again",
      "could not deliver 3 log records",
    ]);
  });

  it("drops what is refused for good, counts it and goes on", async () => {
    const { collector, counted, reports, exporter, offer } = connect(["refuse"]);
    offer(1, 2);
    offer(3);
    await exporter.forceFlush();
    assert.deepEqual(collector.delivered, [3]);
    assert.deepEqual(counted, { rejected: 2, delivered: 1 });
    assert.deepEqual(reports, ["2 log records were refused for good: 3 INVALID_ARGUMENT"]);
  });

  const codes: readonly (readonly [code: number, tries: number])[] = [
    [3, 1],
    [7, 1],
    [400, 1],
    [413, 1],
    [4, 2],
    [8, 2],
    [14, 2],
    [408, 2],
    [429, 2],
    [503, 2],
  ];
  for (const [code, tries] of codes) {
    it(`${tries === 1 ? "gives up" : "tries again"} after status ${code}`, async () => {
      let tried = 0;
      const { exporter, offer } = connect([], {
        createInner: () => ({
          export: (_, done) => {
            tried += 1;
            done(tried === 1 ? failure(code, "no") : { code: ExportResultCode.SUCCESS });
          },
          shutdown: () => Promise.resolve(),
        }),
      });
      offer(1);
      await exporter.forceFlush();
      assert.equal(tried, tries);
    });
  }

  it("makes the inner exporter anew after five failures in a row", async () => {
    const { collector, exporter, offer } = connect(["fail", "fail", "fail", "fail", "fail"]);
    offer(1);
    await exporter.forceFlush();
    assert.deepEqual([collector.built, collector.stopped, collector.delivered], [2, 1, [1]]);
  });

  for (const outcome of ["fail", "hang"] as const) {
    it(`ends in the given time although deliveries ${outcome}, and says what was lost`, async () => {
      const { counted, reports, exporter, offer, collector } = connect(Array<Outcome>(1000).fill(outcome));
      offer(1, 2);
      exporter.endWithin(10);
      await exporter.forceFlush();
      await exporter.shutdown();
      assert.equal(offer(3), ExportResultCode.FAILED);
      assert.deepEqual(counted, { shutdown: 3 });
      assert.equal(reports.at(-1), "could not deliver 2 log records");
      assert.deepEqual(collector.delivered, []);
    });
  }

  it("shuts down once", async () => {
    const { collector, exporter } = connect([]);
    await Promise.all([exporter.shutdown(), exporter.shutdown()]);
    assert.equal(collector.stopped, 1);
  });

  it("loses nothing without counting it, and delivers the rest in order, whatever the Collector does", async () => {
    const outcome = fc.constantFrom<Outcome>("accept", "fail", "refuse");
    const batches = fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(outcome, { maxLength: 20 }),
        batches,
        fc.integer({ min: 1, max: 20 }),
        async (outcomes, sizes, maxQueueSize) => {
          const { collector, counted, exporter, offer } = connect(outcomes, { maxQueueSize, initialBackoffMillis: 0 });
          let next = 0;
          const taken: number[] = [];
          for (const size of sizes) {
            const items = Array.from({ length: size }, () => (next += 1));
            if (offer(...items) === ExportResultCode.SUCCESS) taken.push(...items);
          }
          await exporter.shutdown();
          const refused = new Set(collector.refused);
          assert.deepEqual(
            collector.delivered,
            taken.filter((item) => !refused.has(item)),
          );
          assert.equal(counted.delivered ?? 0, collector.delivered.length);
          assert.equal(counted.rejected ?? 0, refused.size);
          assert.equal(counted.queue_full ?? 0, next - taken.length);
        },
      ),
      { numRuns: 50 },
    );
  });
});
