import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import { createServer as createHttp2Server, type Http2Server } from "node:http2";
import { connect, type AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { signals } from "../../../config/parts/part.ts";
import { exportNothing, type Endpoint } from "../../../cli/why/exchange.ts";
import { freePort } from "../../support/free-ports.ts";

const connectHere = async (host: string, port: number): Promise<Duplex> => {
  const socket = connect(port, host);
  await once(socket, "connect");
  return socket;
};

describe("an empty export", () => {
  let http: HttpServer;
  let grpc: Http2Server;
  /** Method, path, type and length of what has come. */
  let seen: unknown[];

  before(async () => {
    http = createServer((request, response) => {
      const { method, url, headers } = request;
      seen.push([method, url, headers["content-type"], headers["content-length"]]);
      response.statusCode = /^\/v1\/(logs|traces|metrics)$/.test(url ?? "") ? 200 : 404;
      response.end();
    }).listen(0, "127.0.0.1");
    grpc = createHttp2Server().listen(0, "127.0.0.1");
    grpc.on("stream", (stream, headers) => {
      const path = String(headers[":path"]);
      stream.on("data", (chunk: Buffer) => {
        seen.push([path, headers["content-type"], chunk.toString("hex")]);
      });
      stream.on("end", () => {
        stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => {
          stream.sendTrailers(
            path.includes("logs") ? { "grpc-status": "0" } : { "grpc-status": "14", "grpc-message": "full" },
          );
        });
        stream.end();
      });
    });
    await Promise.all([once(http, "listening"), once(grpc, "listening")]);
  });
  beforeEach(() => {
    seen = [];
  });
  after(() => {
    http.close();
    grpc.close();
  });

  const portOf = (server: HttpServer | Http2Server): number => (server.address() as AddressInfo).port;
  function to(server: HttpServer | Http2Server, changed: Partial<Endpoint> = {}): Endpoint {
    return {
      ...{ signal: "logs", host: "127.0.0.1", port: portOf(server), isTls: false },
      ...{ protocol: server === http ? "http/protobuf" : "grpc", path: "/v1/logs" },
      ...changed,
    };
  }

  it("arrives by HTTP as protobuf of no bytes or as JSON, at the path of the exporter", async () => {
    for (const signal of signals) {
      assert.deepEqual(await exportNothing(to(http, { signal, path: `/v1/${signal}` }), connectHere), {
        step: "ok",
        seen: "HTTP 200",
        status: 200,
      });
    }
    await exportNothing(to(http, { protocol: "http/json" }), connectHere);
    assert.deepEqual(seen.slice(2), [
      ["POST", "/v1/metrics", "application/x-protobuf", "0"],
      ["POST", "/v1/logs", "application/json", "2"],
    ]);
  });

  it("arrives by gRPC as one message of no bytes, and its status is the answer", async () => {
    assert.deepEqual(await exportNothing(to(grpc), connectHere), { step: "ok", seen: "gRPC status 0" });
    assert.deepEqual(await exportNothing(to(grpc, { signal: "traces" }), connectHere), {
      step: "answer",
      seen: "gRPC status 14 full",
    });
    assert.deepEqual(seen, [
      ["/opentelemetry.proto.collector.logs.v1.LogsService/Export", "application/grpc", "0000000000"],
      ["/opentelemetry.proto.collector.trace.v1.TraceService/Export", "application/grpc", "0000000000"],
    ]);
  });

  it("says how far it came: connection, TLS, protocol or answer", async () => {
    const port = await freePort();
    const results = await Promise.all([
      exportNothing(to(http, { port }), connectHere),
      exportNothing(to(http, { isTls: true }), connectHere),
      exportNothing(to(http, { protocol: "grpc" }), connectHere),
      exportNothing(to(grpc, { protocol: "http/protobuf" }), connectHere),
      exportNothing(to(http, { path: "/v1/trace" }), connectHere),
    ]);
    assert.deepEqual(
      results.map(({ step, seen: text }) => [step, text]),
      [
        ["connect", `connect ECONNREFUSED 127.0.0.1:${port}`],
        ["tls", "wrong version number"],
        ["protocol", "Protocol error"],
        ["protocol", "Expected HTTP/, RTSP/ or ICE/"],
        ["answer", "HTTP 404"],
      ],
    );
  });
});
