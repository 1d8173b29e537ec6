/** An asynchronous function that is called at most once, however often it is asked for. */
export function once<Result>(action: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | undefined;
  return () => (running ??= action());
}
