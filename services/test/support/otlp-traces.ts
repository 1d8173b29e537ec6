import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { all, fieldsOf } from "../../../test/support/protobuf.ts";

/** A span as a Collector would see it. */
export interface ReceivedSpan {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: "internal" | "server" | "client" | "producer" | "consumer" | "unspecified";
  readonly failed: boolean;
  readonly attributes: ReadonlyMap<string, string>;
}

/** Something that takes OTLP over HTTP, protobuf encoded, and keeps the spans. */
export interface OtlpReceiver {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  readonly close: () => void;
}

/** Starts a receiver on a free port of 127.0.0.1. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.url === "/v1/traces") spans.push(...decodeTraces(Buffer.concat(chunks)));
      response.setHeader("content-type", "application/x-protobuf").end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const kinds = ["unspecified", "internal", "server", "client", "producer", "consumer"] as const;

/** Field numbers are those of opentelemetry/proto/trace/v1/trace.proto and its imports. */
function decodeTraces(body: Buffer): ReceivedSpan[] {
  return all(body, 1).flatMap((resourceSpans) => {
    const service = attributesOf(all(resourceSpans, 1)[0] ?? Buffer.alloc(0), 1).get("service.name") ?? "none";
    return all(resourceSpans, 2).flatMap((scopeSpans) => all(scopeSpans, 2).map((span) => decodeSpan(span, service)));
  });
}

function decodeSpan(span: Buffer, service: string): ReceivedSpan {
  const hex = (field: number): string => all(span, field)[0]?.toString("hex") ?? "";
  const [status = Buffer.alloc(0)] = all(span, 15);
  return {
    service,
    traceId: hex(1),
    spanId: hex(2),
    parentSpanId: hex(4),
    name: all(span, 5)[0]?.toString() ?? "",
    kind: kinds[number(span, 6)] ?? "unspecified",
    failed: number(status, 3) === 2,
    attributes: attributesOf(span, 9),
  };
}

function attributesOf(message: Buffer, field: number): Map<string, string> {
  const text = (part: Buffer, at: number): string => all(part, at)[0]?.toString() ?? "";
  return new Map(all(message, field).map((pair) => [text(pair, 1), text(all(pair, 2)[0] ?? Buffer.alloc(0), 1)]));
}

function number(message: Buffer, field: number): number {
  return fieldsOf(message).flatMap(([at, value]) => (at === field && typeof value === "number" ? [value] : []))[0] ?? 0;
}
