import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { examine } from "../../../cli/why/examine.ts";
import type { Language } from "../../../cli/why/sdks.ts";
import { rightEnv, serviceProcess } from "../../support/service-process.ts";

describe("a process that is examined", () => {
  let server: Server;
  let status: number;
  before(async () => {
    server = createServer((_request, response) => {
      response.statusCode = status;
      response.end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  beforeEach(() => {
    status = 200;
  });
  after(() => {
    server.close();
  });

  /** What is found of a process whose every connection leads to the server. */
  async function found(env: Readonly<Record<string, string>>): Promise<readonly (readonly [string, string])[]> {
    const connectThere = async (): Promise<ReturnType<typeof connect>> => {
      const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
      await once(socket, "connect");
      return socket;
    };
    const { findings } = await examine(
      serviceProcess({ env: { ...rightEnv, ...env }, connection: () => Promise.resolve(connectThere) }),
      () => Promise.resolve(undefined),
    );
    return findings.map(({ cause, next }) => [cause, next]);
  }

  it("has nothing wrong with an address that an empty export has reached, whatever it looks like", async () => {
    assert.deepEqual(await found({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318" }), []);
  });

  it("is told what speaks at the port, if that is not what it sends", async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://gateway:5000", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
    assert.deepEqual(await found(env), [
      [
        "http://gateway:5000 speaks HTTP, and the process sends gRPC",
        "start it with OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
      ],
    ]);
  });

  it("is told what the answer was, if it was none of OTLP's", async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://gateway:5000" };
    status = 401;
    assert.deepEqual(await found(env), [
      [
        "http://gateway:5000/v1/logs answers HTTP 401 to an empty export",
        "it wants credentials: look at OTEL_EXPORTER_OTLP_HEADERS",
      ],
    ]);
    status = 415;
    assert.deepEqual(await found(env), [
      [
        "http://gateway:5000/v1/logs answers HTTP 415 to an empty export",
        "start it with OTEL_EXPORTER_OTLP_ENDPOINT=http://otel-collector:4318",
      ],
    ]);
  });

  it("is of the language that its command says, or else its program, or else what was received of it", async () => {
    const language = async (command: string, inside: Language | undefined, received: Language): Promise<unknown> => {
      const process = serviceProcess({ command: [command], languageInside: () => Promise.resolve(inside) });
      return (await examine(process, () => Promise.resolve(received))).language;
    };
    assert.deepEqual(
      [
        await language("node", "go", "java"),
        await language("./orders", "go", "java"),
        await language("./orders", undefined, "java"),
      ],
      ["nodejs", "go", "java"],
    );
  });
});
