import { request as httpRequest } from "node:http";
import { connect as http2Connect, constants, type ClientHttp2Session } from "node:http2";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as tlsConnect } from "node:tls";
import { z } from "zod";
import type { Signal } from "../../config/parts/part.ts";
import { firstLine } from "../text.ts";

/** Opens a TCP connection from where a process runs. @throws Error that says why it cannot be opened. */
export type Connect = (host: string, port: number) => Promise<Duplex>;

/** Why there is no connection, where that is known only after the stream was opened. */
export class NotConnected extends Error {}

/** Where an exporter sends, as its SDK reads it from the environment. */
export interface Endpoint {
  readonly signal: Signal;
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  readonly protocol: "grpc" | "http/protobuf" | "http/json";
  /** Of the request by HTTP: `/v1/logs`. gRPC has its own. */
  readonly path: string;
}

/** How far an export came: `ok`, or the step that failed, with what was seen there. */
export interface ExchangeResult {
  readonly step: "connect" | "tls" | "protocol" | "answer" | "ok";
  /** What was seen: an error of the network, or the status of the answer. */
  readonly seen: string;
  /** HTTP's status of the answer, if it came by HTTP/1.1. */
  readonly status?: number;
}

/** How long each step may take, in milliseconds. */
const patienceMillis = 5_000;

/** Names of OTLP's services in gRPC (github.com/open-telemetry/opentelemetry-proto). */
const grpcServices: Readonly<Record<Signal, string>> = {
  logs: "logs.v1.LogsService",
  traces: "trace.v1.TraceService",
  metrics: "metrics.v1.MetricsService",
};

/**
 * Sends an export without a single record, and without the headers of the process, which may be secrets: the answer to a
 * real one is the same, and nothing is stored.
 */
export async function exportNothing(endpoint: Endpoint, connect: Connect): Promise<ExchangeResult> {
  let step: ExchangeResult["step"] = "connect";
  let stream: Duplex | undefined;
  try {
    stream = await within(connect(endpoint.host, endpoint.port), "no connection");
    if (endpoint.isTls) {
      step = "tls";
      stream = await within(secured(stream, endpoint.host), "no TLS");
    }
    step = "protocol";
    const exchange = endpoint.protocol === "grpc" ? byGrpc(endpoint, stream) : byHttp(endpoint, stream);
    return await within(exchange, "no answer");
  } catch (error) {
    return { step: error instanceof NotConnected ? "connect" : step, seen: textOf(error) };
  } finally {
    stream?.destroy();
  }
}

function secured(stream: Duplex, host: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    // Whether there is TLS at all is the question, and not whom it trusts.
    const socket = tlsConnect({
      socket: stream,
      rejectUnauthorized: false,
      ...(isIP(host) ? {} : { servername: host }),
    });
    socket.once("secureConnect", () => {
      resolve(socket);
    });
    socket.on("error", reject);
    socket.once("close", () => {
      reject(new Error("the connection was closed"));
    });
  });
}

function byHttp({ host, port, path, protocol }: Endpoint, stream: Duplex): Promise<ExchangeResult> {
  const isJson = protocol === "http/json";
  const body = isJson ? "{}" : "";
  const headers = {
    "content-type": isJson ? "application/json" : "application/x-protobuf",
    "content-length": body.length,
    host: `${host}:${port}`,
    connection: "close",
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ method: "POST", path, headers, createConnection: () => stream });
    request.on("error", reject);
    request.once("response", (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve({ step: status === 200 ? "ok" : "answer", seen: `HTTP ${status}`, status });
    });
    request.end(body);
  });
}

function byGrpc({ host, port, signal }: Endpoint, stream: Duplex): Promise<ExchangeResult> {
  let session: ClientHttp2Session | undefined;
  const answered = new Promise<ExchangeResult>((resolve, reject) => {
    session = http2Connect(`http://${host}:${port}`, { createConnection: () => stream });
    session.on("error", reject);
    session.once("close", () => {
      reject(new Error("the connection was closed"));
    });
    const call = session.request({
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: `/opentelemetry.proto.collector.${grpcServices[signal]}/Export`,
      [constants.HTTP2_HEADER_CONTENT_TYPE]: "application/grpc",
      [constants.HTTP2_HEADER_TE]: "trailers",
    });
    const judge = (headers: unknown): void => {
      const { "grpc-status": status, "grpc-message": message = "" } = grpcAnswer.parse(headers);
      if (status === undefined) return;
      resolve({ step: status === "0" ? "ok" : "answer", seen: `gRPC status ${status} ${message}`.trim() });
    };
    call.on("error", reject);
    call.once("response", judge);
    call.once("trailers", judge);
    call.once("end", () => {
      reject(new Error("the answer has no status of gRPC"));
    });
    call.resume();
    // A message of no bytes: not compressed, and its length.
    call.end(Buffer.alloc(5));
  });
  return answered.finally(() => session?.destroy());
}

const grpcAnswer = z.looseObject({ "grpc-status": z.string().optional(), "grpc-message": z.string().optional() });

/** @throws Error that says what is missing, if it takes longer than a step may. */
async function within<Value>(work: Promise<Value>, missing: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${missing} within ${patienceMillis / 1000} s`));
    }, patienceMillis);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function textOf(error: unknown): string {
  // What OpenSSL says is behind numbers and the names of its files.
  const { reason, message } = problem.parse(error);
  return firstLine(reason ?? message);
}

const problem = z.looseObject({ reason: z.string().optional(), message: z.string() });
