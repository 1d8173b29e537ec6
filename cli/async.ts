/** A function that runs an asynchronous action at its first call, and returns that run's result at every call. */
export function once<Result>(action: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | undefined;
  return () => (running ??= action());
}

/** The results of an asynchronous action on each of some items, all at the same time, in one list and in their order. */
export async function flatMap<Item, Result>(
  items: readonly Item[],
  action: (item: Item) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  return (await Promise.all(items.map(action))).flat();
}

/** Never comes, but for an abort, which it fails with. */
export function abortOf(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = (): void => {
      reject(signal?.reason instanceof Error ? signal.reason : new Error("aborted"));
    };
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
  });
}
