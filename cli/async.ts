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
