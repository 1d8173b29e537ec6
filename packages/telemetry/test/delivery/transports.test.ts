import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpsServer } from "node:https";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Server as GrpcServer, ServerCredentials, status } from "@grpc/grpc-js";
import protobuf from "protobufjs/minimal.js";
import type { ExporterSettings } from "../../src/delivery/exporter-settings.ts";
import { createGrpcTransport } from "../../src/delivery/grpc-transport.ts";
import { createHttpTransport } from "../../src/delivery/http-transport.ts";
import { logSignal } from "../../src/delivery/otlp-signals.ts";
import type { Answer, Transport } from "../../src/delivery/transport.ts";
import { startOtlpReceiver, type OtlpReceiver, type Reaction } from "../support/otlp-receiver.ts";

const body = Buffer.from("a request");
let receiver: OtlpReceiver | undefined;
let transport: Transport | undefined;
let server: Server | undefined;

afterEach(() => {
  transport?.close();
  receiver?.close();
  server?.close();
  transport = receiver = server = undefined;
});

type Protocol = "grpc" | "http/protobuf";

/** A transport to an address. */
function towards(url: string, protocol: Protocol, settings: Partial<ExporterSettings> = {}): Transport {
  const all: ExporterSettings = {
    protocol,
    url,
    headers: {},
    timeoutMillis: 2000,
    compression: "none",
    tls: {},
    ...settings,
  };
  transport = protocol === "grpc" ? createGrpcTransport(all, logSignal.grpcMethod) : createHttpTransport(all);
  return transport;
}

/** What a transport makes of a receiver's reaction. */
async function answerTo(
  reaction: Reaction,
  protocol: Protocol,
  settings: Partial<ExporterSettings> = {},
): Promise<Answer> {
  receiver = await startOtlpReceiver(() => reaction);
  const url = protocol === "grpc" ? receiver.grpcUrl : `${receiver.httpUrl}/v1/logs`;
  return towards(url, protocol, settings).send(body);
}

/** Passes everything on, and counts it. */
async function listenOnTheWay(
  url: string,
): Promise<{ readonly url: string; readonly bytes: () => number; readonly connections: () => number }> {
  let bytes = 0;
  let connections = 0;
  const { port: target } = new URL(url);
  const proxy = createServer((socket) => {
    connections += 1;
    const onward = connect(Number(target), "127.0.0.1");
    socket.on("data", (chunk) => {
      bytes += chunk.byteLength;
    });
    socket.pipe(onward).pipe(socket);
    for (const end of [socket, onward]) end.on("error", () => end.destroy());
  }).listen(0, "127.0.0.1");
  server = proxy;
  await new Promise((resolve) => proxy.once("listening", resolve));
  const { port } = proxy.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, bytes: () => bytes, connections: () => connections };
}

/** `google.rpc.Status` with a `RetryInfo` of so many seconds and nanoseconds. */
function retryInfo(seconds: number, nanos: number): Buffer {
  const duration = protobuf.Writer.create().uint32(8).int64(seconds).uint32(16).int32(nanos).finish();
  const info = protobuf.Writer.create().uint32(10).bytes(duration).finish();
  const any = protobuf.Writer.create()
    .uint32(10)
    .string("type.googleapis.com/google.rpc.RetryInfo")
    .uint32(18)
    .bytes(info)
    .finish();
  return Buffer.from(
    protobuf.Writer.create().uint32(8).int32(8).uint32(18).string("busy").uint32(26).bytes(any).finish(),
  );
}

describe("createGrpcTransport", () => {
  // opentelemetry.io/docs/specs/otlp/#failures
  const outcomes: Readonly<Record<keyof typeof status, Answer["outcome"]>> = {
    OK: "accepted",
    CANCELLED: "retry",
    UNKNOWN: "rejected",
    INVALID_ARGUMENT: "rejected",
    DEADLINE_EXCEEDED: "retry",
    NOT_FOUND: "rejected",
    ALREADY_EXISTS: "rejected",
    PERMISSION_DENIED: "rejected",
    RESOURCE_EXHAUSTED: "rejected",
    FAILED_PRECONDITION: "rejected",
    ABORTED: "retry",
    OUT_OF_RANGE: "retry",
    UNIMPLEMENTED: "rejected",
    INTERNAL: "rejected",
    UNAVAILABLE: "retry",
    DATA_LOSS: "retry",
    UNAUTHENTICATED: "rejected",
  };
  for (const [name, outcome] of Object.entries(outcomes)) {
    it(`takes ${name} for ${outcome}`, async () => {
      const code = status[name as keyof typeof status];
      assert.equal((await answerTo(code === status.OK ? {} : { grpc: { code } }, "grpc")).outcome, outcome);
    });
  }

  it("sends again when a receiver that has no room says when, after the time that it says", async () => {
    const metadata = { "grpc-status-details-bin": retryInfo(1, 500_000_000) };
    assert.deepEqual(await answerTo({ grpc: { code: status.RESOURCE_EXHAUSTED, details: "busy", metadata } }, "grpc"), {
      outcome: "retry",
      reason: "8 RESOURCE_EXHAUSTED: busy",
      answered: true,
      timedOut: false,
      afterMillis: 1500,
    });
  });

  it("knows that a request is too large from a receiver that does not take it", async () => {
    receiver = await startOtlpReceiver();
    const answer = await towards(receiver.grpcUrl, "grpc").send(Buffer.alloc(5_000_000));
    assert.equal(answer.outcome, "too_large", JSON.stringify(answer));
  });

  it("sends headers, and compresses", async () => {
    receiver = await startOtlpReceiver();
    const wire = await listenOnTheWay(receiver.grpcUrl);
    const settings = { headers: { "X-Tenant": "shop" }, compression: "gzip" } as const;
    await towards(wire.url, "grpc", settings).send(Buffer.alloc(1_000_000));
    const [request] = receiver.requests;
    assert.equal(request?.headers["x-tenant"], "shop");
    assert.equal(request.body.byteLength, 1_000_000);
    assert.equal(wire.bytes() < 100_000, true, String(wire.bytes()));
  });
});

describe("createHttpTransport", () => {
  // opentelemetry.io/docs/specs/otlp/#failures-1
  const outcomes: readonly (readonly [status: number, outcome: Answer["outcome"]])[] = [
    [200, "accepted"],
    [202, "accepted"],
    [301, "rejected"],
    [400, "rejected"],
    [401, "rejected"],
    [404, "rejected"],
    [408, "rejected"],
    [413, "too_large"],
    [429, "retry"],
    [500, "rejected"],
    [501, "rejected"],
    [502, "retry"],
    [503, "retry"],
    [504, "retry"],
  ];
  for (const [code, outcome] of outcomes) {
    it(`takes ${code} for ${outcome}`, async () => {
      assert.equal((await answerTo({ http: { status: code } }, "http/protobuf")).outcome, outcome);
    });
  }

  it("knows from the text of a 400 that a request is too large", async () => {
    const answer = await answerTo(
      { http: { status: 400 }, body: Buffer.from("\n\x08\x03http: request body too large") },
      "http/protobuf",
    );
    assert.deepEqual(answer, { outcome: "too_large", reason: "HTTP 400: http: request body too large" });
  });

  for (const [retryAfter, millis] of [
    ["3", 3000],
    ["soon", undefined],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ] as const) {
    it(`waits ${millis} ms with Retry-After: ${retryAfter}`, async () => {
      const headers = { "retry-after": retryAfter };
      assert.deepEqual(await answerTo({ http: { status: 429, headers } }, "http/protobuf"), {
        outcome: "retry",
        reason: "HTTP 429",
        answered: true,
        timedOut: false,
        afterMillis: millis,
      });
    });
  }

  it("sends headers, its own kind of content, and compresses", async () => {
    await answerTo({}, "http/protobuf", {
      headers: { "X-Tenant": "shop" },
      compression: "gzip",
      protocol: "http/json",
    });
    const [request] = receiver?.requests ?? [];
    assert.equal(request?.headers["x-tenant"], "shop");
    assert.equal(request.headers["content-type"], "application/json");
    assert.deepEqual(gunzipSync(request.body), body);
  });

  it("uses a connection again, until it is told to make one anew", async () => {
    receiver = await startOtlpReceiver();
    const wire = await listenOnTheWay(receiver.httpUrl);
    const { send, reset } = towards(`${wire.url}/v1/logs`, "http/protobuf");
    await send(body);
    await send(body);
    assert.equal(wire.connections(), 1);
    reset();
    await send(body);
    assert.equal(wire.connections(), 2);
  });
});

for (const protocol of ["grpc", "http/protobuf"] as const) {
  describe(`a transport over ${protocol}`, () => {
    const path = protocol === "grpc" ? "" : "/v1/logs";

    it("gives the receiver's answer as it is", async () => {
      assert.deepEqual(
        { ...(await answerTo({ body: Buffer.from("some") }, protocol)) },
        { outcome: "accepted", body: Buffer.from("some") },
      );
    });

    it("knows who has answered from who has not", async () => {
      const answer = await answerTo({ grpc: { code: status.UNAVAILABLE }, http: { status: 503 } }, protocol);
      assert.equal(answer.outcome === "retry" && answer.answered, true, JSON.stringify(answer));
    });

    it("sends again if nobody listens", async () => {
      receiver = await startOtlpReceiver();
      const url = (protocol === "grpc" ? receiver.grpcUrl : receiver.httpUrl) + path;
      receiver.close();
      const answer = await towards(url, protocol).send(body);
      assert.equal(answer.outcome === "retry" && !answer.answered, true, JSON.stringify(answer));
      assert.match(JSON.stringify(answer), /ECONNREFUSED/);
    });

    it("sends again if the name is not known", async () => {
      const answer = await towards(`http://nobody.invalid:4317${path}`, protocol).send(body);
      assert.equal(answer.outcome === "retry" && !answer.answered, true, JSON.stringify(answer));
    });

    it("sends again if the connection is cut", async () => {
      server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
      await new Promise((resolve) => server?.once("listening", resolve));
      const { port } = server.address() as AddressInfo;
      const answer = await towards(`http://127.0.0.1:${port}${path}`, protocol, { timeoutMillis: 500 }).send(body);
      assert.equal(answer.outcome === "retry" && !answer.answered, true, JSON.stringify(answer));
    });

    it("does not wait longer than it may for somebody who accepts the connection and never answers", async () => {
      const sockets: { destroy: () => void }[] = [];
      server = createServer((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
      await new Promise((resolve) => server?.once("listening", resolve));
      const { port } = server.address() as AddressInfo;
      const answer = await towards(`http://127.0.0.1:${port}${path}`, protocol, { timeoutMillis: 100 }).send(body);
      for (const socket of sockets) socket.destroy();
      assert.equal(answer.outcome === "retry" && answer.timedOut && !answer.answered, true, JSON.stringify(answer));
    });

    it("nor for an answer that is slower", async () => {
      const answer = await answerTo({ afterMillis: 5000 }, protocol, { timeoutMillis: 100 });
      assert.equal(answer.outcome === "retry" && answer.timedOut && !answer.answered, true, JSON.stringify(answer));
    });

    it("speaks TLS with the files that it is told, to both ends, and with nobody else", async () => {
      const folder = mkdtempSync(join(tmpdir(), "telemetry-tls-"));
      const file = (name: string): string => join(folder, name);
      try {
        execFileSync(
          "openssl",
          `req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout ${file("key.pem")} -out ${file("cert.pem")}`.split(
            " ",
          ),
          { stdio: "ignore" },
        );
        const key = readFileSync(file("key.pem"));
        const cert = readFileSync(file("cert.pem"));
        const { port, close } = await (protocol === "grpc" ? grpcOverTls : httpsServer)(key, cert);
        const tls = { certificate: file("cert.pem"), clientCertificate: file("cert.pem"), clientKey: file("key.pem") };
        const url = `https://localhost:${port}${path}`;
        const trusting = await towards(url, protocol, { tls }).send(body);
        transport?.close();
        const distrustful = await towards(url, protocol, { timeoutMillis: 500 }).send(body);
        close();
        assert.equal(trusting.outcome, "accepted", JSON.stringify(trusting));
        assert.equal(distrustful.outcome, "retry", JSON.stringify(distrustful));
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });
}

interface TlsServer {
  readonly port: number;
  readonly close: () => void;
}

async function httpsServer(key: Buffer, cert: Buffer): Promise<TlsServer> {
  const https = createHttpsServer({ key, cert, ca: cert, requestCert: true }, (request, response) => {
    request.resume().on("end", () => response.end());
  });
  await new Promise<void>((resolve) => https.listen(0, "localhost", resolve));
  return {
    port: (https.address() as AddressInfo).port,
    close: () => {
      https.close();
      https.closeAllConnections();
    },
  };
}

async function grpcOverTls(key: Buffer, cert: Buffer): Promise<TlsServer> {
  const grpc = new GrpcServer();
  const asIs = (bytes: Buffer): Buffer => bytes;
  grpc.addService(
    {
      Export: {
        path: logSignal.grpcMethod,
        requestStream: false,
        responseStream: false,
        requestSerialize: asIs,
        requestDeserialize: asIs,
        responseSerialize: asIs,
        responseDeserialize: asIs,
      },
    },
    {
      Export: (_call: unknown, answer: (error: null, bytes: Buffer) => void) => {
        answer(null, Buffer.alloc(0));
      },
    },
  );
  const credentials = ServerCredentials.createSsl(cert, [{ private_key: key, cert_chain: cert }], true);
  const port = await new Promise<number>((resolve, reject) => {
    grpc.bindAsync("localhost:0", credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return {
    port,
    close: () => {
      grpc.forceShutdown();
    },
  };
}
