import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";

/** The three signals, by the name in their path. */
export type Signal = "logs" | "metrics" | "traces";

/** Something that takes OTLP by both protocols and keeps the encoded requests. */
export interface OtlpReceiver {
  readonly grpcUrl: string;
  readonly httpUrl: string;
  /** Requests in the order in which they came. A string of a request is in it as it stands, UTF-8 encoded. */
  readonly requests: readonly { readonly signal: Signal; readonly body: Buffer }[];
  readonly close: () => void;
}

const signals: readonly Signal[] = ["logs", "metrics", "traces"];
const serviceOf = {
  logs: "opentelemetry.proto.collector.logs.v1.LogsService",
  metrics: "opentelemetry.proto.collector.metrics.v1.MetricsService",
  traces: "opentelemetry.proto.collector.trace.v1.TraceService",
} as const;

/** Starts a receiver on free ports of 127.0.0.1. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const requests: { signal: Signal; body: Buffer }[] = [];

  const grpc = new Server();
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
        Export: ({ request }: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
          requests.push({ signal, body: request });
          answer(null, Buffer.alloc(0));
        },
      },
    );
  }
  const grpcPort = await new Promise<number>((resolve, reject) => {
    grpc.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });

  const http = createServer((request, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const signal = signals.find((name) => request.url === `/v1/${name}`);
      if (signal !== undefined) requests.push({ signal, body: Buffer.concat(chunks) });
      response.setHeader("content-type", "application/x-protobuf").end();
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));

  return {
    grpcUrl: `http://127.0.0.1:${grpcPort}`,
    httpUrl: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    requests,
    close: () => {
      grpc.forceShutdown();
      http.close();
      http.closeAllConnections();
    },
  };
}
