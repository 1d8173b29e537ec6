import { STATUS_CODES, createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { context } from "@opentelemetry/api";
import { getRPCMetadata } from "@opentelemetry/core";
import { HttpError } from "./http-error.ts";

/** Answers one request with a status and a JSON body. */
export type Handler = (request: Request) => Promise<Response> | Response;

/** A request that has found its route. */
export interface Request {
  /** Value of `:id` in the route, empty without one. */
  readonly id: string;
  /** The parsed JSON body. @throws HttpError 400 or 413 */
  readonly json: () => Promise<unknown>;
}

/** A status and what is sent with it as JSON. */
export interface Response {
  readonly status: number;
  readonly body: unknown;
}

/** Route template, such as `/api/v1/executions/:id`, to its methods. */
export type Routes = Readonly<Record<string, Readonly<Partial<Record<"GET" | "POST", Handler>>>>>;

/** The part of a logger that the server needs. */
export interface ErrorLog {
  readonly error: (fields: { readonly err: unknown }, message: string) => void;
}

/** Largest request body. */
const maxBodyBytes = 64 * 1024;

/**
 * Serves routes on a port of all addresses; 0 picks a free one. Errors are answered as RFC 9457 problems.
 *
 * @throws Error when the port is taken.
 */
export async function serve(routes: Routes, port: number, logger: ErrorLog): Promise<{ server: Server; port: number }> {
  const server = createServer((request, response) => {
    // A connection kept open would hold back the end of the process.
    if (leaving.has(server)) response.shouldKeepAlive = false;
    void answer(routes, request, response, logger);
  });
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, resolve);
  });
  return { server, port: (server.address() as AddressInfo).port };
}

/**
 * How long a server goes on answering that is to stop. Who keeps a connection to it hears `connection: close` with an
 * answer, instead of finding it cut at the next request; who has not heard yet that it stops is served.
 */
const farewellMillis = 2_000;

/** Servers in their farewell. */
const leaving = new WeakSet<Server>();

/** Answers for a little longer, then stops listening and lets requests under way end. */
export async function close(server: Server, waitMillis = farewellMillis): Promise<void> {
  leaving.add(server);
  await sleep(waitMillis);
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  server.closeIdleConnections();
  await closed;
}

async function answer(
  routes: Routes,
  request: IncomingMessage,
  response: ServerResponse,
  logger: ErrorLog,
): Promise<void> {
  try {
    const { handler, id } = route(routes, request);
    send(response, await handler({ id, json: () => readJson(request) }));
  } catch (error) {
    if (request.destroyed && !request.complete) return; // the client is gone
    if (!(error instanceof HttpError)) logger.error({ err: error }, "request failed");
    const problem =
      error instanceof HttpError ? error : new HttpError(500, "the service failed; its log has the reason");
    sendProblem(response, problem);
  }
}

function route(routes: Routes, request: IncomingMessage): { handler: Handler; id: string } {
  const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
  for (const [template, methods] of Object.entries(routes)) {
    const id = match(template, path);
    if (id === undefined) continue;
    nameRoute(template);
    const handler = Object.entries(methods).find(([method]) => method === request.method)?.[1];
    if (handler === undefined) {
      const allow = Object.keys(methods).join(", ");
      throw new HttpError(405, `method: must be ${allow}, got ${request.method ?? "none"}`, { allow });
    }
    return { handler, id };
  }
  throw new HttpError(404, `path: must be one of ${Object.keys(routes).join(", ")}, got ${path}`);
}

function match(template: string, path: string): string | undefined {
  const [before, after] = template.split(":id");
  if (after === undefined) return path === template ? "" : undefined;
  const id = path.slice(before?.length);
  return path.startsWith(before ?? "") && /^[\w-]+$/.test(id) ? id : undefined;
}

/** Tells the HTTP instrumentation the `http.route`, which it puts in the span's name and on the duration metric. */
function nameRoute(template: string): void {
  const metadata = getRPCMetadata(context.active());
  if (metadata !== undefined) metadata.route = template;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // The rest is read and forgotten: a client hears an answer only after it has sent everything.
    if (bytes <= maxBodyBytes) chunks.push(chunk);
  }
  if (bytes > maxBodyBytes) throw new HttpError(413, `body: must be at most ${maxBodyBytes} bytes, got ${bytes}`);
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
  } catch {
    throw new HttpError(400, 'body: must be JSON; send for example {"script":"print(1)"}');
  }
}

function send(response: ServerResponse, { status, body }: Response): void {
  response.statusCode = status;
  response.setHeader("content-type", "application/json").end(JSON.stringify(body));
}

function sendProblem(response: ServerResponse, { status, message, headers }: HttpError): void {
  response.statusCode = status;
  response.setHeaders(new Map(Object.entries({ ...headers, "content-type": "application/problem+json" })));
  response.end(JSON.stringify({ type: "about:blank", title: STATUS_CODES[status], status, detail: message }));
}
