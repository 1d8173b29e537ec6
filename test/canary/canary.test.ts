import assert from "node:assert/strict";
import { beatMillis, Canary, lostAfterMillis, mostPending, roundMillis } from "../../canary/canary.mjs";
import { signals, type Signal } from "../../config/parts/part.ts";
import { FakeStack } from "../support/fake-stack.ts";

const addressesOf = ({ url }: FakeStack): { collector: string; logs: string; traces: string; metrics: string } => ({
  collector: url,
  logs: url,
  traces: url,
  metrics: url,
});

describe("the canary", () => {
  let stack: FakeStack;
  let canary: Canary;
  let written: string[];
  let nowMillis: number;

  beforeEach(async () => {
    stack = await FakeStack.start();
    written = [];
    nowMillis = 1_764_000_000_000;
    canary = new Canary(
      addressesOf(stack),
      (line) => written.push(line),
      () => nowMillis,
    );
  });

  afterEach(async () => {
    await stack.stop();
  });

  /** Lets time pass, a round at each step. */
  async function pass(millis: number, step = roundMillis): Promise<void> {
    for (let passed = 0; passed < millis; passed += step) {
      await canary.round();
      nowMillis += step;
    }
  }

  function number(name: string, signal: Signal): number | undefined {
    return canary.numbers().find((each) => each.name === `canary_${name}` && each.signal === signal)?.value;
  }

  const ages = (): unknown => signals.map((signal) => number("age_seconds", signal));
  const lost = (): unknown => signals.map((signal) => number("lost_total", signal));
  const refused = (): unknown => signals.map((signal) => number("refused_total", signal));

  it("sends a log record, a span and a point each minute, as the service canary of the stack itself", async () => {
    await pass(3 * beatMillis);
    assert.deepEqual(
      signals.map((signal) => stack.stored[signal].length),
      [3, 3, 3],
    );
    for (const signal of signals) {
      const [first, second] = stack.stored[signal];
      assert.ok(first && second);
      assert.equal((Number(second.time) - Number(first.time)) / 1e6, beatMillis);
      const attributes = first.resource.attributes.map(({ key, value }) => [key, value.stringValue]);
      assert.deepEqual(Object.fromEntries(attributes), {
        "service.name": "canary",
        "service.namespace": "stack",
        "service.instance.id": "canary",
      });
      assert.notEqual(first.value, second.value);
    }
  });

  it("is as old as the newest of each signal that it has found again", async () => {
    await pass(beatMillis);
    assert.deepEqual(ages(), [60, 60, 60]);
    await pass(2 * roundMillis);
    assert.deepEqual(ages(), [30, 30, 30]);
  });

  it("hands its numbers to the store of metrics itself, whatever the Collector does", async () => {
    for (const signal of signals) stack.collector[signal] = "refuses";
    await pass(3 * roundMillis);
    const labels = 'service_name="canary",service_namespace="stack"';
    assert.equal(
      stack.imported.at(-1),
      signals
        .map((signal) =>
          [
            `canary_age_seconds{signal="${signal}",${labels}} 30\n`,
            `canary_lost_total{signal="${signal}",${labels}} 0\n`,
            `canary_refused_total{signal="${signal}",${labels}} 0\n`,
          ].join(""),
        )
        .join(""),
    );
  });

  for (const signal of signals) {
    it(`gets old with ${signal} that wait for their store, and takes none of them for lost when they come late`, async () => {
      await pass(2 * beatMillis);
      stack.away.add(signal);
      stack.collector[signal] = "queues";
      const before = ages();
      await pass(lostAfterMillis * 2);
      assert.equal(number("age_seconds", signal), 60 + (lostAfterMillis * 2) / 1000);
      stack.away.delete(signal);
      // The newest come first.
      stack.collector[signal] = "stores";
      await pass(beatMillis);
      stack.deliver(signal);
      await pass(lostAfterMillis * 2);
      assert.deepEqual([ages(), lost(), refused()], [before, [0, 0, 0], [0, 0, 0]]);
    });

    it(`counts ${signal} as lost that are missing five minutes after a later one was found`, async () => {
      await pass(beatMillis);
      stack.collector[signal] = "loses";
      await pass(3 * beatMillis);
      stack.collector[signal] = "stores";
      await pass(lostAfterMillis);
      assert.equal(number("lost_total", signal), 0);
      await pass(beatMillis);
      assert.equal(number("lost_total", signal), 3);
      await pass(lostAfterMillis * 2);
      assert.deepEqual(
        lost(),
        signals.map((each) => (each === signal ? 3 : 0)),
      );
    });

    it(`counts ${signal} that the Collector does not take as refused, and not as lost`, async () => {
      await pass(beatMillis);
      stack.collector[signal] = "refuses";
      await pass(2 * beatMillis);
      stack.collector[signal] = "stores";
      await pass(lostAfterMillis * 2);
      assert.deepEqual([refused(), lost()], [signals.map((each) => (each === signal ? 2 : 0)), [0, 0, 0]]);
    });
  }

  it("remembers those of two hours, and finds its way back from a longer outage", async () => {
    stack.collector.logs = "queues";
    await pass((mostPending + 10) * beatMillis, beatMillis);
    assert.equal(canary.states[0]?.pending.length, mostPending);
    stack.deliver("logs");
    await pass(20 * beatMillis, beatMillis);
    assert.deepEqual([number("age_seconds", "logs"), lost(), canary.states[0].pending.length], [120, [0, 0, 0], 1]);
  });

  it("says once what does not work and once that it works again, for each signal and store by itself", async () => {
    await pass(2 * roundMillis);
    stack.away.add("logs");
    stack.collector.traces = "refuses";
    await pass(3 * beatMillis);
    stack.away.delete("logs");
    stack.collector.traces = "stores";
    await pass(2 * beatMillis);
    const { host } = new URL(stack.url);
    assert.deepEqual(written.sort(), [
      `find logs: does not work: ${host} answered 503: {"message":"starting"}`,
      "find logs: works again",
      `send traces: does not work: ${host} answered 503: {"message":"the queue is full"}`,
      "send traces: works again",
    ]);
  });

  it("counts nothing as refused by a Collector that is still starting, and sends as soon as it has started", async () => {
    for (const signal of signals) stack.collector[signal] = "refuses";
    await pass(2 * roundMillis);
    for (const signal of signals) stack.collector[signal] = "stores";
    await pass(2 * roundMillis);
    assert.deepEqual(
      [ages(), refused()],
      [
        [30, 30, 30],
        [0, 0, 0],
      ],
    );
  });

  it("goes on while everything is away", async () => {
    await stack.stop();
    await pass(beatMillis * 2);
    assert.deepEqual(
      [ages(), lost(), refused()],
      [
        [120, 120, 120],
        [0, 0, 0],
        [0, 0, 0],
      ],
    );
    assert.ok(written.every((line) => /does not work: connect ECONNREFUSED/.test(line)));
    stack = await FakeStack.start();
  });
});
