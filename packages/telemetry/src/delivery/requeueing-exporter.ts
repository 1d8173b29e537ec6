import { context } from "@opentelemetry/api";
import { ExportResultCode, suppressTracing, type ExportResult } from "@opentelemetry/core";

/** What this class needs of an exporter; the SDK's span and log exporters both have it. */
export interface InnerExporter<Item> {
  export(items: Item[], resultCallback: (result: ExportResult) => void): void;
  shutdown(): Promise<void>;
}

/** Why items did not arrive: no room in the queue, refused by the Collector, or the process ended. */
export type LossReason = "queue_full" | "rejected" | "shutdown";

/** How a {@link RequeueingExporter} works. */
export interface RequeueingExporterOptions<Item> {
  /** Makes the exporter that sends; called again after repeated failures, since a gRPC channel can stay stuck. */
  readonly createInner: () => InnerExporter<Item>;
  /** Most items that wait for delivery; what comes on top is refused and counted. */
  readonly maxQueueSize: number;
  /** What the items are, for messages: `log records`. */
  readonly itemName: string;
  /** Told of every item that was delivered or lost. */
  readonly count: (items: number, lost?: LossReason) => void;
  /** Told, in a sentence, when the delivery stops, goes on, or loses something. */
  readonly report: (message: string) => void;
  /** First wait after a failure, in milliseconds. @default 250 */
  readonly initialBackoffMillis?: number;
  /** Longest wait after a failure, in milliseconds. @default 2000 */
  readonly maxBackoffMillis?: number;
  /** Failures in a row after which the inner exporter is made anew. @default 5 */
  readonly rebuildAfterFailures?: number;
}

/** Longest wait for the delivery at shutdown if {@link RequeueingExporter.endWithin} did not say another, in ms. */
const defaultShutdownMillis = 20_000;

/**
 * Keeps what could not be delivered and sends it again, in order, until it is.
 *
 * The SDK's own exporters give up after seconds (OTLP over HTTP) or at once (gRPC). This one acknowledges a batch when
 * it has room for it and sends from memory; an item leaves only when the Collector has accepted or permanently refused
 * it, or when the process ends.
 */
export class RequeueingExporter<Item> {
  private readonly options: Required<RequeueingExporterOptions<Item>>;
  private readonly queue: Item[][] = [];
  private readonly waiting: (() => void)[] = [];
  private inner: InnerExporter<Item>;
  private queued = 0;
  private lost = 0;
  private failures = 0;
  private running = false;
  private ended = false;
  private overflowing = false;
  private ending: Promise<void> | undefined;
  private deadline: NodeJS.Timeout | undefined;
  private skipBackoff: (() => void) | undefined;

  constructor(options: RequeueingExporterOptions<Item>) {
    this.options = { initialBackoffMillis: 250, maxBackoffMillis: 2000, rebuildAfterFailures: 5, ...options };
    this.inner = options.createInner();
  }

  /** Takes a batch if there is room for all of it and the exporter has not ended; refuses it otherwise. */
  export(items: Item[], resultCallback: (result: ExportResult) => void): void {
    const { itemName, maxQueueSize } = this.options;
    if (this.ended) {
      this.lose(items.length, "shutdown");
      resultCallback({ code: ExportResultCode.FAILED, error: new Error(`${itemName}: the exporter is shut down`) });
    } else if (this.queued + items.length > maxQueueSize) {
      this.lose(items.length, "queue_full");
      this.reportOverflow();
      resultCallback({ code: ExportResultCode.FAILED, error: new Error(`${itemName}: the queue is full`) });
    } else {
      this.queue.push(items);
      this.queued += items.length;
      resultCallback({ code: ExportResultCode.SUCCESS });
      if (!this.running) void this.drain();
    }
  }

  /** Resolves when nothing waits any more, or when the time of {@link endWithin} is over. */
  async forceFlush(): Promise<void> {
    if (this.queued === 0) return;
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve);
    });
  }

  /** Gives up, after so many milliseconds, what is not delivered by then. The first call counts. */
  endWithin(millis: number): void {
    if (this.ended || this.deadline !== undefined) return;
    this.deadline = setTimeout(() => {
      this.giveUp();
    }, millis);
    this.skipBackoff?.();
  }

  /** Waits for the delivery, then says how many items were lost in this process's life. Does it once. */
  async shutdown(): Promise<void> {
    await (this.ending ??= this.end());
  }

  private async end(): Promise<void> {
    this.endWithin(defaultShutdownMillis);
    await this.forceFlush();
    this.giveUp();
    await this.inner.shutdown();
    if (this.lost > 0) this.options.report(`could not deliver ${this.lost} ${this.options.itemName}`);
  }

  private giveUp(): void {
    clearTimeout(this.deadline);
    this.ended = true;
    this.lose(this.queued, "shutdown");
    this.queue.length = 0;
    this.queued = 0;
    this.skipBackoff?.();
    this.release();
  }

  private async drain(): Promise<void> {
    this.running = true;
    for (let batch = this.queue[0]; batch !== undefined; batch = this.queue[0]) {
      const { code, error } = await this.send(batch);
      // Given up meanwhile, and counted as lost.
      if (this.queue[0] !== batch) break;
      if (code === ExportResultCode.SUCCESS) {
        this.remove(batch);
        this.recovered();
        this.options.count(batch.length);
      } else if (isPermanent(error)) {
        this.remove(batch);
        this.lose(batch.length, "rejected");
        this.options.report(`${batch.length} ${this.options.itemName} were refused for good: ${reasonOf(error)}`);
      } else {
        await this.waitToRetry(error);
      }
    }
    this.running = false;
    this.release();
  }

  private async send(batch: Item[]): Promise<ExportResult> {
    return new Promise((resolve) => {
      context.with(suppressTracing(context.active()), () => {
        this.inner.export(batch, resolve);
      });
    });
  }

  private remove(batch: Item[]): void {
    this.queue.shift();
    this.queued -= batch.length;
  }

  private recovered(): void {
    if (this.failures > 0) this.options.report(`${this.options.itemName} are delivered again`);
    this.failures = 0;
    this.overflowing = false;
  }

  private async waitToRetry(error: Error | undefined): Promise<void> {
    const { initialBackoffMillis, maxBackoffMillis, rebuildAfterFailures, maxQueueSize, itemName } = this.options;
    this.failures += 1;
    if (this.failures === 1) {
      this.options.report(`${itemName} wait, at most ${maxQueueSize}, and are sent again: ${reasonOf(error)}`);
    }
    if (this.failures % rebuildAfterFailures === 0) this.rebuild();
    const millis = Math.min(maxBackoffMillis, initialBackoffMillis * 2 ** Math.min(this.failures - 1, 16));
    await new Promise<void>((resolve) => {
      // Not unref'd: a process that has nothing else to do must not end while items wait.
      const timer = setTimeout(resolve, millis);
      this.skipBackoff = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.skipBackoff = undefined;
  }

  private rebuild(): void {
    const stuck = this.inner;
    this.inner = this.options.createInner();
    stuck.shutdown().catch((error: unknown) => {
      this.options.report(`an exporter that was replaced did not shut down: ${String(error)}`);
    });
  }

  private lose(items: number, reason: LossReason): void {
    if (items === 0) return;
    this.lost += items;
    this.options.count(items, reason);
  }

  private reportOverflow(): void {
    if (this.overflowing) return;
    this.overflowing = true;
    const { maxQueueSize, itemName } = this.options;
    this.options.report(`${maxQueueSize} ${itemName} wait already; newer ones are dropped and counted`);
  }

  private release(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

/** gRPC status codes that will not change by trying again (opentelemetry.io/docs/specs/otlp/#failures). */
const permanentGrpcCodes: ReadonlySet<number> = new Set([3, 5, 6, 7, 9, 12, 16]);

function isPermanent(error: Error | undefined): boolean {
  // A programming mistake, such as items that cannot be serialized.
  if (error instanceof TypeError || error instanceof RangeError) return true;
  const code: unknown = error !== undefined && "code" in error ? error.code : undefined;
  if (typeof code !== "number") return false;
  return code >= 100 ? code >= 400 && code < 500 && code !== 408 && code !== 429 : permanentGrpcCodes.has(code);
}

function reasonOf(error: Error | undefined): string {
  return error?.message === undefined || error.message === "" ? "no reason given" : error.message;
}
