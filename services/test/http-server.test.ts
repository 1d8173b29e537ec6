import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request, type IncomingMessage } from "node:http";
import { HttpError } from "../shared/http-error.ts";
import { close, serve, type Routes } from "../shared/http-server.ts";

const routes: Routes = {
  "/things": { POST: async ({ json }) => ({ status: 202, body: { got: await json() } }) },
  "/things/:id": { GET: ({ id }) => ({ status: 200, body: { id } }) },
  "/full": {
    GET: () => {
      throw new HttpError(503, "full; try again later");
    },
  },
  "/broken": {
    GET: () => {
      throw new TypeError("a secret detail");
    },
  },
};

describe("the HTTP server", () => {
  const logged: unknown[] = [];
  let stop: () => Promise<void>;
  let base = "";

  before(async () => {
    const { server, port } = await serve(routes, 0, { error: (...args: unknown[]) => logged.push(args) });
    stop = () => close(server, 0);
    base = `http://127.0.0.1:${port}`;
  });

  after(() => stop());

  it("answers a route", async () => {
    assert.deepEqual(await ask("/things", { method: "POST", body: '{"a":1}' }), {
      status: 202,
      body: { got: { a: 1 } },
    });
    assert.deepEqual(await ask("/things/abc-1_2?x=y", {}), { status: 200, body: { id: "abc-1_2" } });
  });

  const problems: readonly (readonly [
    path: string,
    init: RequestInit,
    status: number,
    title: string,
    detail: string,
  ])[] = [
    ["/nothing", {}, 404, "Not Found", "path: must be one of /things, /things/:id, /full, /broken, got /nothing"],
    ["//", {}, 404, "Not Found", "path: must be one of /things, /things/:id, /full, /broken, got //"],
    [
      "/things/a%20b",
      {},
      404,
      "Not Found",
      "path: must be one of /things, /things/:id, /full, /broken, got /things/a%20b",
    ],
    ["/things", {}, 405, "Method Not Allowed", "method: must be POST, got GET"],
    [
      "/things",
      { method: "POST", body: "{" },
      400,
      "Bad Request",
      'body: must be JSON; send for example {"script":"print(1)"}',
    ],
    ["/things", { method: "POST" }, 400, "Bad Request", 'body: must be JSON; send for example {"script":"print(1)"}'],
    [
      "/things",
      { method: "POST", body: "x".repeat(65_537) },
      413,
      "Payload Too Large",
      "body: must be at most 65536 bytes, got 65537",
    ],
    ["/full", {}, 503, "Service Unavailable", "full; try again later"],
    ["/broken", {}, 500, "Internal Server Error", "the service failed; its log has the reason"],
  ];
  for (const [path, init, status, title, detail] of problems) {
    it(`answers ${init.method ?? "GET"} ${path} with ${status}`, async () => {
      assert.deepEqual(await ask(path, init), { status, body: { type: "about:blank", title, status, detail } });
    });
  }

  it("names the methods of a route with 405", async () => {
    assert.equal((await fetch(`${base}/things`)).headers.get("allow"), "POST");
  });

  it("logs what it did not expect, and nothing else", () => {
    assert.equal(logged.length, 1);
  });

  it("goes on answering for a while when it is to stop, ends kept connections, and then refuses", async () => {
    const { server, port } = await serve(routes, 0, { error: () => undefined });
    const agent = new Agent({ keepAlive: true });
    const get = async (): Promise<string | undefined> => {
      const [answer] = (await once(request({ agent, port, path: "/things/1" }).end(), "response")) as [IncomingMessage];
      await once(answer.resume(), "end");
      return answer.headers.connection;
    };
    assert.equal(await get(), "keep-alive");
    const closed = close(server, 300);
    assert.equal(await get(), "close", "on the connection that it has");
    assert.equal(await get(), "close", "on a new one");
    await closed;
    await assert.rejects(get(), { code: "ECONNREFUSED" });
    agent.destroy();
  });

  async function ask(path: string, init: RequestInit): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${base}${path}`, init);
    const type = response.status >= 400 ? "application/problem+json" : "application/json";
    assert.equal(response.headers.get("content-type"), type);
    return { status: response.status, body: await response.json() };
  }
});
