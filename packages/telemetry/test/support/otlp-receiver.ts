import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import {
  Metadata,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
  type status,
} from "@grpc/grpc-js";

/** The three signals, by the name in their path. */
export type Signal = "logs" | "metrics" | "traces";

/** A request as it came. */
export interface OtlpRequest {
  readonly signal: Signal;
  readonly body: Buffer;
  /** Headers, or metadata, by their names in lower case. */
  readonly headers: Readonly<Record<string, unknown>>;
}

/** What a receiver does with a request; by default it takes it. */
export interface Reaction {
  /** How long it takes, in milliseconds. */
  readonly afterMillis?: number;
  /** The body of its answer, over either protocol. */
  readonly body?: Buffer;
  readonly http?: { readonly status: number; readonly headers?: Readonly<Record<string, string>> };
  readonly grpc?: {
    readonly code: status;
    readonly details?: string;
    readonly metadata?: Readonly<Record<string, Buffer | string>>;
  };
}

/** Something that takes OTLP by both protocols and keeps the encoded requests. */
export interface OtlpReceiver {
  readonly grpcUrl: string;
  readonly httpUrl: string;
  /** Requests in the order in which they came. A string of a request is in it as it stands, UTF-8 encoded. */
  readonly requests: readonly OtlpRequest[];
  /** Those of them that it has taken. */
  readonly accepted: readonly OtlpRequest[];
  readonly close: () => void;
}

const signals: readonly Signal[] = ["logs", "metrics", "traces"];
const serviceOf = {
  logs: "opentelemetry.proto.collector.logs.v1.LogsService",
  metrics: "opentelemetry.proto.collector.metrics.v1.MetricsService",
  traces: "opentelemetry.proto.collector.trace.v1.TraceService",
} as const;

/**
 * Starts a receiver on 127.0.0.1.
 *
 * @param react what it does with a request, if it is not to take it
 * @param ports of its protocols; free ones unless they are given
 */
export async function startOtlpReceiver(
  react: (request: OtlpRequest) => Reaction = () => ({}),
  ports: Partial<Record<"grpc" | "http", number>> = {},
): Promise<OtlpReceiver> {
  const requests: OtlpRequest[] = [];
  const accepted: OtlpRequest[] = [];
  const closing = new AbortController();
  /** The reaction of a request, when its time has come; never if the receiver is closed before. */
  const decide = async (request: OtlpRequest): Promise<Reaction> => {
    requests.push(request);
    const reaction = react(request);
    if (reaction.afterMillis !== undefined) await delay(reaction.afterMillis, undefined, { signal: closing.signal });
    return reaction;
  };

  // As most receivers of other languages do.
  const grpc = new Server({ "grpc.max_receive_message_length": 4 * 1024 * 1024 });
  const asIs = (bytes: Buffer): Buffer => bytes;
  for (const signal of signals) {
    const definition = {
      path: `/${serviceOf[signal]}/Export`,
      requestStream: false,
      responseStream: false,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    } as const;
    grpc.addService(
      { Export: definition },
      {
        Export: ({ request, metadata }: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
          const received = { signal, body: request, headers: metadata.getMap() };
          decide(received).then(
            ({ grpc: refusal, body = Buffer.alloc(0) }) => {
              if (refusal === undefined) {
                accepted.push(received);
                answer(null, body);
                return;
              }
              const trailers = new Metadata();
              for (const [key, value] of Object.entries(refusal.metadata ?? {})) trailers.set(key, value);
              answer({ code: refusal.code, details: refusal.details ?? "refused", metadata: trailers });
            },
            () => undefined,
          );
        },
      },
    );
  }
  const grpcPort = await new Promise<number>((resolve, reject) => {
    grpc.bindAsync(`127.0.0.1:${ports.grpc ?? 0}`, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });

  const http = createServer((request, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const signal = signals.find((name) => request.url === `/v1/${name}`);
      if (signal === undefined) {
        response.writeHead(404).end();
        return;
      }
      const received = { signal, body: Buffer.concat(chunks), headers: request.headers };
      decide(received).then(
        ({ http: { status, headers } = { status: 200 }, body = "" }) => {
          if (status === 200) accepted.push(received);
          response.writeHead(status, { "content-type": "application/x-protobuf", ...headers }).end(body);
        },
        () => undefined,
      );
    });
  });
  await new Promise<void>((resolve) => http.listen(ports.http ?? 0, "127.0.0.1", resolve));

  return {
    grpcUrl: `http://127.0.0.1:${grpcPort}`,
    httpUrl: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    requests,
    accepted,
    close: () => {
      closing.abort();
      grpc.forceShutdown();
      http.close();
      http.closeAllConnections();
    },
  };
}
