import { AsyncResource } from "node:async_hooks";

/** How much waits at most: items, and characters of their texts. */
const most = { items: 64, characters: 64 * 1024 } as const;

/** How long an item waits at most, in milliseconds. */
const longestWaitMillis = 10;

/**
 * Handles items a few at a time, in their order. One at a time, in between the work of the application, each would find
 * the caches of the processor filled with other things, and take several times as long.
 *
 * Whoever needs to know that everything has been handled calls {@link SmallBatches.drain}.
 */
export class SmallBatches<Item> {
  private readonly handle: (item: Item) => void;
  /** What is handled belongs to no request of the application, whichever of them wrote the first item. */
  private readonly scope = new AsyncResource("observability-telemetry");
  private items: Item[] = [];
  private characters = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param handle must not throw */
  constructor(handle: (item: Item) => void) {
    this.handle = handle;
  }

  /** @param characters how long its texts are; with `Infinity` it is handled at once, after those that wait */
  add(item: Item, characters: number): void {
    this.items.push(item);
    this.characters += characters;
    if (this.items.length >= most.items || this.characters >= most.characters) {
      this.drain();
    } else if (this.timer === undefined) {
      this.timer = this.scope.runInAsyncScope(() =>
        setTimeout(() => {
          this.drain();
        }, longestWaitMillis),
      );
      // What waits when there is nothing else to do is handled by whoever looks after the end of the process.
      this.timer.unref();
    }
  }

  /** Handles what waits. */
  drain(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.items.length === 0) return;
    const { items } = this;
    this.items = [];
    this.characters = 0;
    this.scope.runInAsyncScope(() => {
      for (const item of items) this.handle(item);
    });
  }
}
