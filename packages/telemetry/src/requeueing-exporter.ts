import { diag, type Counter } from "@opentelemetry/api";
import { ExportResultCode, suppressTracing, type ExportResult } from "@opentelemetry/core";
import { context } from "@opentelemetry/api";

/** What this class needs of an exporter; the SDK's span and log exporters both have it. */
export interface InnerExporter<Item> {
  export(items: Item[], resultCallback: (result: ExportResult) => void): void;
  shutdown(): Promise<void>;
}

/** How a {@link RequeueingExporter} works. */
export interface RequeueingExporterOptions<Item> {
  /** Makes the exporter that sends; called again after repeated failures, since a gRPC channel can stay stuck. */
  readonly createInner: () => InnerExporter<Item>;
  /** Most items that wait for delivery; what comes on top is refused and counted. */
  readonly maxQueueSize: number;
  /** What the items are, for messages: `log records`. */
  readonly itemName: string;
  /** Counts items by outcome, as OpenTelemetry's `otel.sdk.exporter.*.exported`. */
  readonly exported?: Counter;
  /** First wait after a failure. @default 250 */
  readonly initialBackoffMillis?: number;
  /** Longest wait after a failure. @default 2000 */
  readonly maxBackoffMillis?: number;
  /** Failures in a row after which the inner exporter is made anew. @default 5 */
  readonly rebuildAfterFailures?: number;
  /** Longest time that {@link RequeueingExporter.shutdown} waits for the delivery. @default 20000 */
  readonly shutdownTimeoutMillis?: number;
}

/**
 * Keeps what could not be delivered and sends it again, in order, until it is.
 *
 * The SDK's own exporters give up after seconds (OTLP over HTTP) or at once (gRPC). This one acknowledges a batch when
 * it has room for it and sends from memory; an item leaves only when the Collector has accepted or permanently refused
 * it, or when the process ends.
 */
export class RequeueingExporter<Item> {
  private readonly options: Required<Omit<RequeueingExporterOptions<Item>, "exported">> & { readonly exported: Counter | undefined };
  private readonly queue: Item[][] = [];
  private readonly idle: (() => void)[] = [];
  private inner: InnerExporter<Item>;
  private queued = 0;
  private lost = 0;
  private failures = 0;
  private running = false;
  private ended = false;
  private overflowing = false;
  private wake: (() => void) | undefined;

  constructor(options: RequeueingExporterOptions<Item>) {
    this.options = {
      initialBackoffMillis: 250,
      maxBackoffMillis: 2000,
      rebuildAfterFailures: 5,
      shutdownTimeoutMillis: 20_000,
      ...options,
      exported: options.exported,
    };
    this.inner = options.createInner();
  }

  /** Items that were refused for lack of room, refused by the Collector, or still waiting when the process ended. */
  get lostItems(): number {
    return this.lost;
  }

  export(items: Item[], resultCallback: (result: ExportResult) => void): void {
    if (this.ended) {
      this.drop(items.length, "shutdown");
      resultCallback({ code: ExportResultCode.FAILED, error: new Error("the exporter is shut down") });
      return;
    }
    if (this.queued + items.length > this.options.maxQueueSize) {
      this.drop(items.length, "queue_full");
      this.reportOverflow();
      resultCallback({ code: ExportResultCode.FAILED, error: new Error(`${this.options.itemName}: the queue is full`) });
      return;
    }
    this.queue.push(items);
    this.queued += items.length;
    resultCallback({ code: ExportResultCode.SUCCESS });
    if (!this.running) void this.drain();
  }

  /** Resolves when nothing waits any more. */
  async forceFlush(): Promise<void> {
    if (this.queued === 0) return;
    await new Promise<void>((resolve) => {
      this.idle.push(resolve);
    });
  }

  /** Waits for the delivery, at most `shutdownTimeoutMillis`, then says how many items were lost. */
  async shutdown(): Promise<void> {
    if (this.ended) return;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.options.shutdownTimeoutMillis);
    });
    this.wake?.();
    await Promise.race([this.forceFlush(), timeout]);
    clearTimeout(timer);
    this.ended = true;
    this.drop(this.queued, "shutdown");
    this.queue.length = 0;
    this.queued = 0;
    this.wake?.();
    if (this.lost > 0) {
      process.stderr.write(`telemetry: could not deliver ${this.lost} ${this.options.itemName}\n`);
    }
    await this.inner.shutdown();
  }

  private async drain(): Promise<void> {
    this.running = true;
    for (let batch = this.queue[0]; batch !== undefined; batch = this.queue[0]) {
      const result = await this.send(batch);
      if (this.ended) break;
      if (result.code === ExportResultCode.SUCCESS) {
        this.failures = 0;
        this.done(batch);
        this.options.exported?.add(batch.length);
      } else if (isPermanent(result.error)) {
        this.done(batch);
        this.drop(batch.length, "rejected");
        diag.error(`${this.options.itemName}: the Collector refused ${batch.length} for good: ${result.error?.message ?? ""}`);
      } else {
        await this.retryLater();
      }
    }
    this.running = false;
    for (const resolve of this.idle.splice(0)) resolve();
  }

  private async send(batch: Item[]): Promise<ExportResult> {
    return new Promise((resolve) => {
      context.with(suppressTracing(context.active()), () => {
        this.inner.export(batch, resolve);
      });
    });
  }

  private done(batch: Item[]): void {
    this.queue.shift();
    this.queued -= batch.length;
    this.overflowing = false;
  }

  private async retryLater(): Promise<void> {
    this.failures += 1;
    if (this.failures % this.options.rebuildAfterFailures === 0) {
      const stuck = this.inner;
      this.inner = this.options.createInner();
      stuck.shutdown().catch((error: unknown) => {
        diag.debug("an exporter that was replaced did not shut down", error);
      });
    }
    const { initialBackoffMillis, maxBackoffMillis } = this.options;
    const millis = Math.min(maxBackoffMillis, initialBackoffMillis * 2 ** Math.min(this.failures - 1, 16));
    await new Promise<void>((resolve) => {
      // Not unref'd: a process that has nothing else to do must not end while items wait.
      const timer = setTimeout(resolve, millis);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = undefined;
  }

  private drop(count: number, errorType: string): void {
    if (count === 0) return;
    this.lost += count;
    this.options.exported?.add(count, { "error.type": errorType });
  }

  private reportOverflow(): void {
    if (this.overflowing) return;
    this.overflowing = true;
    process.stderr.write(`telemetry: more than ${this.options.maxQueueSize} ${this.options.itemName} wait for the Collector; newer ones are dropped and counted\n`);
  }
}

/** gRPC status codes that will not change by trying again (opentelemetry.io/docs/specs/otlp/#failures). */
const permanentGrpcCodes = new Set([3, 5, 6, 7, 9, 12, 16]);

function isPermanent(error: Error | undefined): boolean {
  if (error instanceof TypeError || error instanceof RangeError) return true;
  const code: unknown = error !== undefined && "code" in error ? error.code : undefined;
  if (typeof code !== "number") return false;
  return code >= 100 ? code >= 400 && code < 500 && code !== 408 && code !== 429 : permanentGrpcCodes.has(code);
}
