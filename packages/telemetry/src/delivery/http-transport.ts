import { readFileSync } from "node:fs";
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { ExporterSettings } from "./exporter-settings.ts";
import { retryAfterMillis } from "./retry-after.ts";
import { saysTooLarge, textOf, type Answer, type Transport } from "./transport.ts";

/** Codes that may be gone at the next attempt (opentelemetry.io/docs/specs/otlp/#retryable-response-codes). */
const retryable: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** So much of an answer is read; more than a partial success and an error's text is not in it. */
const longestAnswer = 64 * 1024;

const compress = promisify(gzip);

/**
 * Sends requests over HTTP, on connections that are kept open.
 *
 * @throws Error if a file of the TLS settings cannot be read
 */
export function createHttpTransport(settings: ExporterSettings): Transport {
  const url = new URL(settings.url);
  const connect = createConnector(settings, url.protocol === "https:");
  let { agent, request } = connect();
  const headers = {
    "user-agent": "observability-telemetry",
    ...settings.headers,
    "content-type": settings.protocol === "http/json" ? "application/json" : "application/x-protobuf",
    ...(settings.compression === "gzip" && { "content-encoding": "gzip" }),
  };
  const post = (body: Uint8Array): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const sent = request(url, { method: "POST", agent, headers: { ...headers, "content-length": body.byteLength } });
      // By a timer of our own: the one of a socket starts anew with every byte.
      const timer = setTimeout(() => {
        const reason = `no answer within ${settings.timeoutMillis} ms`;
        resolve({ outcome: "retry", reason, answered: false, timedOut: true });
        sent.destroy();
      }, settings.timeoutMillis);
      timer.unref();
      sent.once("response", (response) => {
        readAnswer(response).then(resolve, reject);
      });
      sent.on("error", reject);
      sent.once("close", () => {
        clearTimeout(timer);
      });
      sent.end(body);
    });
  return {
    send: async (body) => {
      try {
        return await post(settings.compression === "gzip" ? await compress(body) : body);
      } catch (error) {
        return { outcome: "retry", reason: textOf(error), answered: false, timedOut: false };
      }
    },
    reset: () => {
      agent.destroy();
      ({ agent, request } = connect());
    },
    close: () => {
      agent.destroy();
    },
  };
}

type Connector = () =>
  | { readonly agent: HttpAgent; readonly request: typeof httpRequest }
  | { readonly agent: HttpsAgent; readonly request: typeof httpsRequest };

function createConnector({ tls }: ExporterSettings, secure: boolean): Connector {
  const options = { keepAlive: true, maxSockets: 1 };
  if (!secure) return () => ({ agent: new HttpAgent(options), request: httpRequest });
  const read = (path: string | undefined): Buffer | undefined => (path === undefined ? path : readFileSync(path));
  const files = { ca: read(tls.certificate), cert: read(tls.clientCertificate), key: read(tls.clientKey) };
  return () => ({ agent: new HttpsAgent({ ...options, ...files }), request: httpsRequest });
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (length < longestAnswer) chunks.push(chunk);
    length += chunk.byteLength;
  }
  return answerTo(response.statusCode ?? 0, response.headers["retry-after"], Buffer.concat(chunks));
}

function answerTo(status: number, retryAfter: string | undefined, body: Buffer): Answer {
  if (status >= 200 && status < 300) return { outcome: "accepted", body };
  const text = printable(body);
  const reason = text === "" ? `HTTP ${status}` : `HTTP ${status}: ${text}`;
  if (status === 413 || (status === 400 && saysTooLarge(text))) return { outcome: "too_large", reason };
  if (!retryable.has(status)) return { outcome: "rejected", reason };
  return { outcome: "retry", reason, answered: true, timedOut: false, afterMillis: retryAfterMillis(retryAfter) };
}

/** The start of an answer without the bytes that a status in protobuf has around its message. */
function printable(body: Buffer): string {
  return body
    .toString("latin1")
    .replace(/[^\x20-\x7e]+/g, " ")
    .trim()
    .slice(0, 200);
}
