/** What became of one request. */
export type Answer =
  /** Taken; the body of the answer may say that some of it was not. */
  | { readonly outcome: "accepted"; readonly body: Uint8Array }
  /** Not now: try again. */
  | Postponement
  /** More than the receiver takes at once. */
  | { readonly outcome: "too_large"; readonly reason: string }
  /** Never: sending it again will change nothing. */
  | { readonly outcome: "rejected"; readonly reason: string };

/** A request that may be taken at another time. */
export interface Postponement {
  readonly outcome: "retry";
  readonly reason: string;
  /** Whether the receiver, or who answers in its place, has said so; otherwise there was no answer. */
  readonly answered: boolean;
  /** Whether it took longer than it may. */
  readonly timedOut: boolean;
  /** When to try again at the earliest, if the receiver has said so. */
  readonly afterMillis?: number;
}

/** A way to send one signal's requests to one receiver. */
export interface Transport {
  /** Sends one encoded request. The promise is never rejected. */
  readonly send: (body: Uint8Array) => Promise<Answer>;
  /** Forgets its connections, so that the next request makes one anew. */
  readonly reset: () => void;
  readonly close: () => void;
}

/** How receivers say that a request is too large, where the status alone does not: Go, Java, Node.js and C++ servers. */
const tooLargePattern = /too large|larger than max|exceeds (?:the )?max/i;

/** Whether the text of a refusal says that the request was too large. */
export function saysTooLarge(text: string): boolean {
  return tooLargePattern.test(text);
}

/** An error in one line, with its code if the message does not have it. */
export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const text = error.message === "" ? code || error.name : error.message;
  return code === "" || text.includes(code) ? text : `${code}: ${text}`;
}
