/** Ends a request with a status; the message tells the client what to change. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  /** Headers of the answer. @default none */
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}
