import { setTimeout as sleep } from "node:timers/promises";

/** What a queue needs to know. */
export interface BoundedQueueOptions<Item> {
  /** Items that may wait. */
  readonly capacity: number;
  /** Items that are worked on at the same time. */
  readonly concurrency: number;
  /** Works on one item; must not reject. */
  readonly work: (item: Item) => Promise<void>;
}

/** A first-in-first-out queue in memory that refuses what it has no room for. */
export class BoundedQueue<Item> {
  readonly #options: BoundedQueueOptions<Item>;
  readonly #waiting: Item[] = [];
  readonly #working = new Set<Promise<void>>();
  #closed = false;

  constructor(options: BoundedQueueOptions<Item>) {
    this.#options = options;
  }

  /** Number of items that wait. */
  get depth(): number {
    return this.#waiting.length;
  }

  /** Takes an item, or returns false when the queue is full or draining. */
  offer(item: Item): boolean {
    if (this.#closed) return false;
    if (this.#working.size < this.#options.concurrency) this.#start(item);
    else if (this.#waiting.length < this.#options.capacity) this.#waiting.push(item);
    else return false;
    return true;
  }

  /**
   * Takes nothing more and waits until everything is done.
   *
   * @returns the number of items that were not done in time
   */
  async drain(timeoutMillis: number): Promise<number> {
    this.#closed = true;
    const giveUp = new AbortController();
    const timeout = sleep(timeoutMillis, "timeout", { signal: giveUp.signal }).catch(() => "aborted");
    while (this.#working.size > 0) {
      const first = await Promise.race([timeout, ...this.#working]);
      if (first === "timeout") break;
    }
    giveUp.abort();
    return this.#waiting.length + this.#working.size;
  }

  #start(item: Item): void {
    const work = this.#options.work(item).finally(() => {
      this.#working.delete(work);
      const next = this.#waiting.shift();
      if (next !== undefined) this.#start(next);
    });
    this.#working.add(work);
  }
}
