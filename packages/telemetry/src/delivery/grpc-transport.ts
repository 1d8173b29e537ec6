import {
  Client,
  compressionAlgorithms,
  credentials,
  Metadata,
  status,
  type ChannelCredentials,
  type ServiceError,
} from "@grpc/grpc-js";
import { readFileSync } from "node:fs";
import type { ExporterSettings } from "./exporter-settings.ts";
import { retryInfoMillis } from "./retry-after.ts";
import { saysTooLarge, textOf, type Answer, type Transport } from "./transport.ts";

/**
 * Codes that may be gone at the next attempt (opentelemetry.io/docs/specs/otlp/#failures). `RESOURCE_EXHAUSTED` is one
 * only if the receiver says when.
 */
const retryable: ReadonlySet<status> = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** Compression by gRPC's own names. */
const compressions = { none: compressionAlgorithms.identity, gzip: compressionAlgorithms.gzip } as const;

/**
 * Sends requests over gRPC.
 *
 * @param method the full name of the method, `/package.Service/Method`
 * @throws Error if a file of the TLS settings cannot be read
 */
export function createGrpcTransport(settings: ExporterSettings, method: string): Transport {
  const { protocol, hostname, port } = new URL(settings.url);
  const secure = protocol === "https:";
  const channelCredentials = secure ? tlsCredentials(settings) : credentials.createInsecure();
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(settings.headers)) metadata.set(key, value);
  const connect = (): Client =>
    new Client(`${hostname}:${port === "" ? (secure ? 443 : 80) : port}`, channelCredentials, {
      "grpc.primary_user_agent": "observability-telemetry",
      "grpc.default_compression_algorithm": compressions[settings.compression],
      // A channel waits up to 2 min between attempts to connect, and 30 s between look-ups of the name, by default: a
      // receiver that is back would not be seen for that long.
      "grpc.initial_reconnect_backoff_ms": 250,
      "grpc.max_reconnect_backoff_ms": 2000,
      "grpc.dns_min_time_between_resolutions_ms": 1000,
      // Without it, a new channel gets the stuck connection of the old one.
      "grpc.use_local_subchannel_pool": 1,
    });
  let client = connect();
  return {
    send: (body) =>
      new Promise((resolve) => {
        // The deadline is by the wall clock, which may jump; the timer is not.
        const timer = setTimeout(() => {
          call.cancel();
        }, settings.timeoutMillis);
        timer.unref();
        let answered = false;
        const call = client.makeUnaryRequest(
          method,
          (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
          (bytes) => bytes,
          body,
          metadata,
          { deadline: Date.now() + settings.timeoutMillis },
          (error, response) => {
            clearTimeout(timer);
            resolve(
              error === null ? { outcome: "accepted", body: response ?? new Uint8Array() } : answerTo(error, answered),
            );
          },
        );
        // Not if the answer is an error alone, whose metadata then has what came with it.
        call.once("metadata", () => {
          answered = true;
        });
      }),
    reset: () => {
      client.close();
      client = connect();
    },
    close: () => {
      client.close();
    },
  };
}

/** @param begun whether an answer had begun before the error came */
function answerTo(error: ServiceError, begun: boolean): Answer {
  const reason = textOf(error);
  const afterMillis = retryInfoMillis(error.metadata);
  if (error.code === status.RESOURCE_EXHAUSTED && saysTooLarge(error.details)) return { outcome: "too_large", reason };
  const timedOut = error.code === status.DEADLINE_EXCEEDED || error.code === status.CANCELLED;
  const again =
    retryable.has(error.code) ||
    (error.code === status.RESOURCE_EXHAUSTED && afterMillis !== undefined) ||
    // A connection that broke in the middle of a call has no code of its own.
    (error.code === status.INTERNAL && error.details.includes("RST_STREAM"));
  // The client's own errors have none.
  const answered = begun || Object.keys(error.metadata.getMap()).length > 0;
  return again ? { outcome: "retry", reason, answered, timedOut, afterMillis } : { outcome: "rejected", reason };
}

function tlsCredentials({ tls }: ExporterSettings): ChannelCredentials {
  const read = (path: string | undefined): Buffer | null => (path === undefined ? null : readFileSync(path));
  return credentials.createSsl(read(tls.certificate), read(tls.clientKey), read(tls.clientCertificate));
}
