import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { json } from "node:stream/consumers";
import type { AddressInfo } from "node:net";
import { probeApi, probeOtlp } from "../../../cli/verification/probe.ts";
import { keptTrace } from "../../../config/collector/tail-sampling.ts";

describe("a probe", () => {
  const tracestate = `${keptTrace.key}=${keptTrace.value}`;
  let server: Server;
  let url: string;
  let asked: { readonly path: string; readonly headers: NodeJS.Dict<string | string[]>; readonly body: unknown }[];

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      void (request.method === "POST" ? json(request) : Promise.resolve(undefined)).then((body) => {
        asked.push({ path: request.url ?? "", headers: request.headers, body });
        response.end('{"execution_id":"x"}');
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    server.close();
    await once(server, "close");
  });

  it("asks that its trace is kept, whatever is kept of the services' traces, by what these hand on", async () => {
    const { traceId } = await probeApi(url, "apps", "apps-backend", 0);
    const [submitted] = asked;
    assert.equal(submitted?.headers["tracestate"], tracestate);
    assert.ok(String(submitted.headers["traceparent"]).startsWith(`00-${traceId}-`));
  });

  it("asks the same in its own span, where there are no services", async () => {
    const { traceId } = await probeOtlp(url, 1);
    const sent = asked.find(({ path }) => path === "/v1/traces");
    assert.match(
      JSON.stringify(sent?.body),
      new RegExp(`"traceId":"${traceId}","spanId":"\\w{16}","traceState":"${tracestate}"`),
    );
  });
});
