/** A function that runs an asynchronous action at its first call, and returns that run's result at every call. */
export function once<Result>(action: () => Promise<Result>): () => Promise<Result> {
  let running: Promise<Result> | undefined;
  return () => (running ??= action());
}
