import { AsyncResource } from "node:async_hooks";
import { context, ROOT_CONTEXT } from "@opentelemetry/api";
import { suppressTracing } from "@opentelemetry/core";
import type { InstrumentationScope } from "@opentelemetry/core";
import type { Resource } from "@opentelemetry/resources";
import { quietMillis, type DeliveryCounts, type DeliveryTally } from "./delivery-counters.ts";
import type { EncodedItem, OtlpEncoding } from "./otlp-encoding.ts";
import { mostRetryAfterMillis } from "./retry-after.ts";
import { textOf, type Answer, type Postponement, type Transport } from "./transport.ts";

/** How much waits for what. */
export interface DeliveryQueueOptions {
  /** Most items that wait. */
  readonly maxQueueSize: number;
  /** Most bytes that wait, with what an item costs besides its own. */
  readonly maxQueueBytes: number;
  /** Most items in one request. */
  readonly maxExportBatchSize: number;
  /** Most bytes in one request. @default 3 MiB, as most receivers take 4 MiB over gRPC, or an eighth of what may wait */
  readonly maxExportBatchBytes?: number;
  /** How long an item waits for company before it is sent, in milliseconds. */
  readonly scheduledDelayMillis: number;
  /** Wait after the first failure; doubled with each until `maxBackoffMillis`. @default 250 */
  readonly initialBackoffMillis?: number;
  /** @default 2000 */
  readonly maxBackoffMillis?: number;
  /** Longest that a receiver may ask us to wait. @default {@link mostRetryAfterMillis} */
  readonly maxRetryAfterMillis?: number;
  /**
   * How long the receiver may put off the first of what waits until that is given up, in milliseconds. Time without any
   * answer does not count: then there is nobody, and everything waits. @default 300000, as the Collector's exporters have it
   */
  readonly maxPutOffMillis?: number;
  /** A clock that never jumps, in milliseconds. @default performance.now */
  readonly now?: () => number;
  /** Told, in a sentence, when the delivery stops and when it goes on. */
  readonly report: (message: string) => void;
}

/** What an item costs in memory besides its bytes: the objects that hold them, measured by the test of the limit. */
const itemOverheadBytes = 256;

/** After so many failures in a row all connections are made anew: one can look alive and answer nothing for minutes. */
const resetAfterFailures = 5;

/** After so many requests that were taken, a smaller limit of bytes is doubled again. */
const growAfterSuccesses = 32;

/** A flush that nobody gave a time ends after this, the specification's default of OTEL_BSP_EXPORT_TIMEOUT, in ms. */
const defaultFlushMillis = 30_000;

/**
 * The one place where items of a signal wait, from when they are written until the receiver has taken or refused them,
 * or the process ends. Nothing in front of it drops any, so `written = delivered + lost + waiting` at every moment.
 *
 * One request is on its way at a time, which keeps the order.
 */
export class DeliveryQueue<Item> {
  private readonly options: Required<DeliveryQueueOptions>;
  private readonly encoding: OtlpEncoding<Item>;
  private readonly transport: Transport;
  private readonly tally: DeliveryTally;
  /** What is sent belongs to no request of the application, whichever of them wrote the first item. */
  private readonly scope = new AsyncResource("observability-telemetry");
  private readonly items: EncodedItem[] = [];
  private readonly flushes = new Set<{ readonly until: number; readonly done: () => void }>();
  private bytes = 0;
  /**
   * Set when there was no room for an item, until some have left. Meanwhile none is written as OTLP only to see that it does
   * not fit, and a small one does not come before a large one that was refused.
   */
  private full = false;
  /** Items that have left the queue since the start, and those that have come. */
  private left = 0;
  private come = 0;
  private batchBytes: number;
  private batchSize: number;
  private successes = 0;
  private failures = 0;
  /** When the receiver has first put off what is sent next, if it has, and has answered ever since. */
  private putOffSince: number | undefined;
  private running = false;
  private ended = false;
  /** Set when the process is about to end: nothing waits for company any more. */
  private hurried = false;
  private wake: (() => void) | undefined;
  private companyCame: (() => void) | undefined;
  private outageSaid = false;
  private readonly outage: QuietReport;
  private readonly warning: QuietReport;
  private ending: Promise<void> | undefined;

  constructor(encoding: OtlpEncoding<Item>, transport: Transport, tally: DeliveryTally, options: DeliveryQueueOptions) {
    this.encoding = encoding;
    this.transport = transport;
    this.tally = tally;
    this.options = {
      maxExportBatchBytes: Math.min(3 * 1024 * 1024, options.maxQueueBytes / 8),
      initialBackoffMillis: 250,
      maxBackoffMillis: 2000,
      maxRetryAfterMillis: mostRetryAfterMillis,
      maxPutOffMillis: 300_000,
      now: () => performance.now(),
      ...options,
    };
    this.outage = new QuietReport(options.report);
    this.warning = new QuietReport(options.report);
    this.batchBytes = this.options.maxExportBatchBytes;
    this.batchSize = this.options.maxExportBatchSize;
  }

  /** What has become of all items so far. */
  get counts(): DeliveryCounts {
    return this.tally.counts;
  }

  /** Takes an item, or counts why not. Never throws. @param count how many it is for the counters */
  add(item: Item, count: number, resource: Resource, scope: InstrumentationScope): void {
    this.tally.written(count);
    if (this.ended) {
      this.tally.lose(count, "shutdown", "they were written after the telemetry had been shut down");
      return;
    }
    const { maxQueueSize, maxQueueBytes } = this.options;
    if (this.full || this.items.length >= maxQueueSize) {
      this.full = true;
      this.tally.lose(count, "queue_full", `${this.items.length} wait already, ${this.bytes} bytes`);
      return;
    }
    let encoded: EncodedItem;
    try {
      encoded = this.encoding.encode(item, resource, scope);
    } catch (error) {
      this.tally.lose(count, "serialization", textOf(error));
      return;
    }
    const cost = costOf(encoded);
    if (cost > maxQueueBytes) {
      this.tally.lose(count, "too_large", `one of ${cost} bytes is more than may wait`);
    } else if (this.bytes + cost > maxQueueBytes) {
      this.full = true;
      this.tally.lose(count, "queue_full", `${this.items.length} wait already, ${this.bytes} bytes`);
    } else {
      this.items.push(encoded);
      this.come += 1;
      this.bytes += cost;
      if (!this.running) this.start();
      else if (this.isFull()) this.companyCame?.();
    }
  }

  /** Sends at once what comes from now on: for a process that is about to end. */
  hurry(): void {
    this.hurried = true;
    this.wake?.();
  }

  /** Resolves when what waits now has been delivered or lost, or when the time is over. Keeps the process alive. */
  async flush(millis: number = defaultFlushMillis): Promise<void> {
    if (this.items.length === 0) return;
    await new Promise<void>((resolve) => {
      const flush = {
        until: this.come,
        done: () => {
          clearTimeout(timer);
          this.flushes.delete(flush);
          resolve();
        },
      };
      const timer = setTimeout(flush.done, millis);
      this.flushes.add(flush);
      this.wake?.();
    });
  }

  /** Delivers what waits for at most so many milliseconds and gives the rest up. Does it once. */
  async shutdown(millis: number): Promise<void> {
    await (this.ending ??= this.end(millis));
  }

  /** Gives up what waits at once, and says so: for the moment after which nothing asynchronous happens any more. */
  giveUp(why: string): void {
    if (this.ended) return;
    this.ended = true;
    this.remove(this.items.length, () => {
      this.tally.lose(this.tally.waiting, "shutdown", why);
    });
    this.tally.end();
    this.wake?.();
    this.transport.close();
  }

  private async end(millis: number): Promise<void> {
    this.hurry();
    await this.flush(millis);
    this.giveUp("the process ended before they could be delivered");
  }

  private start(): void {
    this.running = true;
    this.scope.runInAsyncScope(() => {
      context.with(suppressTracing(ROOT_CONTEXT), () => {
        void this.run();
      });
    });
  }

  private async run(): Promise<void> {
    while (this.items.length > 0) {
      await this.waitForCompany();
      const batch = this.nextBatch();
      if (batch.length === 0) break;
      const answer = await this.send(batch);
      // Given up meanwhile, and counted.
      if (this.ended) break;
      await this.settle(batch, answer);
    }
    this.running = false;
  }

  private async waitForCompany(): Promise<void> {
    if (this.failures > 0 || this.isFull() || this.hurried || this.flushes.size > 0) {
      // One turn of the event loop for everybody else, also while the queue never gets empty.
      await new Promise((resolve) => setImmediate(resolve));
      return;
    }
    const pause = this.pause(this.options.scheduledDelayMillis);
    this.companyCame = this.wake;
    await pause;
    this.companyCame = undefined;
  }

  /** The timer does not hold the process: what waits at its end is flushed, and that holds it for a limited time. */
  private async pause(millis: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, millis);
      timer.unref();
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
  }

  private isFull(): boolean {
    return this.items.length >= this.batchSize || this.bytes >= this.batchBytes;
  }

  private nextBatch(): EncodedItem[] {
    // Whether the receiver is back is asked with one item: it costs neither end more than that.
    const most = this.failures > 0 ? 1 : this.batchSize;
    let bytes = 0;
    let size = 0;
    for (const item of this.items) {
      bytes += item.bytes.byteLength;
      if (size > 0 && (size >= most || bytes > this.batchBytes)) break;
      size += 1;
    }
    return this.items.slice(0, size);
  }

  private async send(batch: readonly EncodedItem[]): Promise<Answer | Unserializable> {
    let body: Uint8Array;
    try {
      const resources = new Set(batch.map(({ resource }) => resource));
      for (const resource of resources) await resource.waitForAsyncAttributes?.();
      body = this.encoding.compose(batch);
    } catch (error) {
      return { outcome: "unserializable", reason: textOf(error) };
    }
    try {
      return await this.transport.send(body);
    } catch (error) {
      // It is not to happen. If it does, it is the end of this batch and not of the process.
      return { outcome: "rejected", reason: textOf(error) };
    }
  }

  private async settle(batch: readonly EncodedItem[], answer: Answer | Unserializable): Promise<void> {
    const count = batch.reduce((sum, item) => sum + item.count, 0);
    const bytes = batch.reduce((sum, item) => sum + item.bytes.byteLength, 0);
    switch (answer.outcome) {
      case "accepted":
        this.remove(batch.length, () => {
          this.accepted(batch, count, answer.body);
        });
        break;
      case "retry":
        if (this.isPutOffTooLong(answer)) {
          // One after the other is asked with, so that an outage in which somebody answers costs no more than one at a time.
          this.remove(1, () => {
            this.tally.lose(batch[0]?.count ?? 0, "retries_exhausted", answer.reason);
          });
        }
        await this.waitToRetry(batch, answer);
        break;
      case "too_large":
        this.successes = 0;
        if (batch.length > 1) {
          this.batchBytes = bytes / 2;
        } else {
          this.remove(1, () => {
            this.tally.lose(count, "too_large", answer.reason);
          });
          // It was the one that was too large, not all those that it was divided from.
          this.batchBytes = Math.max(this.batchBytes, Math.min(this.options.maxExportBatchBytes, bytes));
        }
        break;
      case "rejected":
        this.remove(batch.length, () => {
          this.tally.lose(count, "rejected", answer.reason);
        });
        break;
      case "unserializable":
        this.remove(batch.length, () => {
          this.tally.lose(count, "serialization", answer.reason);
        });
        break;
    }
    // Whatever the answer was, there is somebody who gives it.
    if (answer.outcome !== "retry") this.recovered();
  }

  private accepted(batch: readonly EncodedItem[], count: number, body: Uint8Array): void {
    const { rejected, message } = this.partialSuccess(body);
    // More than were sent would be an answer to something else.
    const lost = Math.min(count, Math.max(0, rejected));
    this.tally.delivered(count - lost);
    this.tally.lose(lost, "rejected", message === "" ? "the receiver took the rest of them" : message);
    if (lost === 0 && message !== "") {
      this.warning.say(`the receiver says about ${this.tally.itemName}: ${message}`);
    }
    this.successes += 1;
    const { maxExportBatchBytes, maxExportBatchSize } = this.options;
    if (batch.length >= this.batchSize) this.batchSize = Math.min(maxExportBatchSize, this.batchSize * 2);
    if (this.successes % growAfterSuccesses === 0) {
      this.batchBytes = Math.min(maxExportBatchBytes, this.batchBytes * 2);
    }
  }

  /** An answer that is no OTLP is one all the same: the receiver has said that it took the request. */
  private partialSuccess(body: Uint8Array): { readonly rejected: number; readonly message: string } {
    try {
      return this.encoding.partialSuccess(body);
    } catch (error) {
      return { rejected: 0, message: `its answer cannot be read, ${textOf(error)}` };
    }
  }

  /** A record that makes the receiver answer "not now" each time would otherwise hold up all others for ever. */
  private isPutOffTooLong({ answered }: Postponement): boolean {
    if (!answered) {
      this.putOffSince = undefined;
      return false;
    }
    const now = this.options.now();
    this.putOffSince ??= now;
    return now - this.putOffSince >= this.options.maxPutOffMillis;
  }

  private recovered(): void {
    this.failures = 0;
    if (!this.outageSaid) return;
    this.outageSaid = false;
    this.options.report(`${this.tally.itemName} are delivered again`);
  }

  private async waitToRetry(
    batch: readonly EncodedItem[],
    { reason, timedOut, afterMillis = 0 }: Postponement,
  ): Promise<void> {
    const { initialBackoffMillis, maxBackoffMillis, maxRetryAfterMillis } = this.options;
    this.failures += 1;
    this.outageSaid = this.outage.say(`${this.tally.itemName} wait and are sent again: ${reason}`) || this.outageSaid;
    if (this.failures % resetAfterFailures === 0) this.transport.reset();
    // A request that takes longer than it may will do so again unless it is smaller.
    if (timedOut && batch.length > 1) this.batchSize = Math.ceil(batch.length / 2);
    const backoff = Math.min(maxBackoffMillis, initialBackoffMillis * 2 ** Math.min(this.failures - 1, 16));
    // At the end of the process there is no time left for a receiver that wants to be asked in a minute.
    const asked = Math.min(afterMillis, this.hurried ? maxBackoffMillis : maxRetryAfterMillis);
    // Many processes lose the same receiver at the same moment and must not come back at the same moment.
    await this.pause(Math.max(asked, backoff * (0.5 + Math.random() / 2)));
  }

  /** Takes the first items away and says what became of them, so that nobody sees them in between. */
  private remove(size: number, count: () => void): void {
    for (const item of this.items.splice(0, size)) this.bytes -= costOf(item);
    this.left += size;
    this.full = false;
    this.putOffSince = undefined;
    count();
    for (const flush of this.flushes) if (this.left >= flush.until) flush.done();
  }
}

/** Says something, but not again within a minute. */
class QuietReport {
  private readonly report: (message: string) => void;
  private last = -Infinity;

  constructor(report: (message: string) => void) {
    this.report = report;
  }

  /** Whether it was said. */
  say(message: string): boolean {
    const now = performance.now();
    if (now - this.last < quietMillis) return false;
    this.last = now;
    this.report(message);
    return true;
  }
}

/** A batch whose envelope cannot be written: a resource or a scope of which an attribute's getter throws. */
interface Unserializable {
  readonly outcome: "unserializable";
  readonly reason: string;
}

function costOf({ bytes }: EncodedItem): number {
  return bytes.byteLength + itemOverheadBytes;
}
