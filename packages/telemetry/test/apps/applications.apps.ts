import assert from "node:assert/strict";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { Applications, RunningApplication } from "./support/applications.ts";
import { selfSigned } from "./support/certificate.ts";
import { Collector, type Arrived } from "./support/collector.ts";
import { startPostgres, startRedis, type Server } from "./support/databases.ts";

/** The oldest Node.js that the package supports, the one of this repository, and the newest line with long support. */
const nodeVersions = { "22.15": "22.15.1", "22": undefined, "24": "24.9.0" } as const;

describe("applications that have installed the package", () => {
  let applications: Applications;
  let collector: Collector;
  let postgres: Server;
  let redis: Server;
  const nodes = new Map<string, string>();

  before(async () => {
    applications = await Applications.pack();
    [collector, postgres, redis] = await Promise.all([Collector.start(), startPostgres(), startRedis()]);
    for (const [line, version] of Object.entries(nodeVersions)) {
      if (version === undefined) {
        nodes.set(line, process.execPath);
        continue;
      }
      const platform = `node-${process.platform}-${process.arch}`;
      const folder = await applications.install(`node-${line}`, `${platform}@${version}`);
      nodes.set(line, join(folder, "node_modules", platform, "bin", "node"));
    }
  });
  after(async () => {
    await Promise.all([collector.remove(), postgres.stop(), redis.stop()]);
    applications.remove();
  });

  const nodeOf = (line: string): string => nodes.get(line) ?? assert.fail(line);
  const env = (serviceName: string): Record<string, string> => ({
    OTEL_SERVICE_NAME: serviceName,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
  });
  /** What has arrived of one trace, of the logs that belong to it, and all metrics. */
  const arrivedOf = async (isThere: (arrived: Arrived) => boolean): Promise<Arrived> => {
    for (;;) {
      const arrived = collector.arrived();
      if (isThere(arrived)) return arrived;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const routeOf = ({ metrics }: Arrived): string[] =>
    metrics
      .filter(({ name }) => name === "http.server.request.duration")
      .flatMap(({ points }) => points.map((point) => point["http.route"] ?? ""));

  describe("Express in CommonJS with PostgreSQL and Redis", () => {
    let folder: string;
    before(async () => {
      folder = await applications.install("express");
    });

    for (const line of Object.keys(nodeVersions)) {
      it(`has the route, the statements and the error of its requests in one trace each, on Node.js ${line}`, async () => {
        const name = `express-${line}`;
        const variables = { ...env(name), DATABASE_URL: postgres.url, REDIS_URL: redis.url };
        const application = new RunningApplication(folder, ["server.cjs"], variables, nodeOf(line));
        const url = await application.url();
        assert.deepEqual(await (await fetch(`${url}/orders/4711-${line}`)).json(), { id: `4711-${line}` });
        assert.equal((await fetch(`${url}/broken`)).status, 500);
        application.stop();
        assert.ok([0, "SIGTERM"].includes((await application.ended()) ?? -1), application.output);

        const arrived = await arrivedOf(({ text }) => text.includes(name) && text.includes(`4711-${line}`));
        const server = arrived.spans.find(({ attributes }) => attributes["url.path"] === `/orders/4711-${line}`);
        assert.equal(server?.name, "GET /orders/:id");
        assert.equal(server.attributes["http.route"], "/orders/:id");
        const trace = arrived.spans.filter(({ traceId }) => traceId === server.traceId);
        const statements = trace.flatMap(({ attributes }) => attributes["db.query.text"] ?? []);
        assert.deepEqual(statements.sort(), ["SELECT $1::text AS id", `set order:4711-${line} [1 other arguments]`]);
        assert.deepEqual(
          arrived.logs.filter(({ traceId }) => traceId === server.traceId).map(({ body }) => orderOf(body)),
          [{ message: "order read", order_id: `4711-${line}`, password: "[REDACTED]" }],
        );
        assert.ok(routeOf(arrived).includes("/orders/:id"));
        const broken = arrived.spans.filter(({ events }) =>
          events.some(({ attributes }) => (attributes["exception.message"] ?? "").includes("no_such_table")),
        );
        assert.ok(broken.length > 0);
        const queries = arrived.spans.map(({ attributes }) => attributes["db.query.text"] ?? "");
        assert.deepEqual(
          [...new Set(queries.filter((text) => text.includes("no_such_table")))],
          ["SELECT * FROM no_such_table WHERE password = '[REDACTED]'"],
        );
        assert.equal(arrived.text.includes("hunter2"), false);
      });
    }
  });

  for (const [line] of Object.entries(nodeVersions)) {
    it(`names requests of Fastify in ES modules by their route, and takes its pino, on Node.js ${line}`, async () => {
      const folder = await applications.install("fastify");
      const application = new RunningApplication(folder, ["server.js"], env("fastify"), nodeOf(line));
      const url = await application.url();
      await fetch(`${url}/orders/815-${line}`);
      assert.equal((await fetch(`${url}/broken`)).status, 500);
      application.stop();
      assert.ok([0, "SIGTERM"].includes((await application.ended()) ?? -1), application.output);

      const arrived = await arrivedOf(({ text }) => text.includes(`815-${line}`) && text.includes("out of luck"));
      const server = arrived.spans.find(({ attributes }) => attributes["url.path"] === `/orders/815-${line}`);
      assert.deepEqual([server?.name, server?.attributes["http.route"]], ["GET /orders/:id", "/orders/:id"]);
      const orders = arrived.logs.filter(
        ({ traceId, body }) => traceId === server?.traceId && body.includes("order read"),
      );
      assert.deepEqual(
        orders.map(({ body }) => orderOf(body)),
        [{ message: "order read", order_id: `815-${line}`, password: "[REDACTED]" }],
      );
      const broken = arrived.spans.find(({ name }) => name === "GET /broken");
      assert.deepEqual(
        broken?.events.map(({ attributes }) => attributes["exception.message"]),
        ["out of luck"],
      );
      assert.equal(arrived.text.includes("hunter2"), false);
    });
  }

  it("names requests of Koa, Hapi, Express 4 and Fastify 4.15 by their route", async () => {
    const folder = await applications.install("frameworks");
    const command = ["--import", "@observability/telemetry/register", "program.js"];
    const application = new RunningApplication(folder, command, env("frameworks"), nodeOf("22"));
    assert.equal(await application.ended(), "SIGTERM", application.output);

    const routes = ["/express/:id", "/fastify/:id", "/hapi/{id}", "/koa/:id"];
    const arrived = await arrivedOf(({ text }) => routes.every((route) => text.includes(`GET ${route}`)));
    // The program's own requests have the paths as well, and no route; nor has a server's span that is called GET.
    const servers = arrived.spans.filter(
      ({ name, attributes }) => name !== "GET" && /^\/[a-z]+\/4711$/.test(attributes["url.path"] ?? ""),
    );
    assert.deepEqual(
      servers.map(({ name, attributes }) => [name, attributes["http.route"]]).sort(),
      routes.map((route) => [`GET ${route}`, route]),
    );
    assert.deepEqual(
      routeOf(arrived)
        .filter((route) => routes.includes(route))
        .sort(),
      routes,
    );
  });

  it("names requests of Nest by their route, and lets its shutdown hooks run", async () => {
    const folder = await applications.install("nest");
    const application = new RunningApplication(folder, ["main.js"], env("nest"), nodeOf("22"));
    await fetch(`${await application.url()}/orders/nest-1`);
    application.stop();
    assert.ok([0, "SIGTERM"].includes((await application.ended()) ?? -1), application.output);
    assert.match(application.output, /stopped by SIGTERM/);

    const arrived = await arrivedOf(({ text }) => text.includes("/orders/nest-1") && text.includes("nest-1\\"));
    const server = arrived.spans.find(({ attributes }) => attributes["url.path"] === "/orders/nest-1");
    assert.deepEqual([server?.name, server?.attributes["http.route"]], ["GET /orders/:id", "/orders/:id"]);
    assert.ok(
      arrived.spans.some(({ traceId, name }) => traceId === server?.traceId && name === "OrdersController.read"),
    );
  });

  it("traces both ends of gRPC in CommonJS, although it has loaded the same package before", async () => {
    const folder = await applications.install("grpc");
    const command = ["--require", "@observability/telemetry/register", "program.cjs"];
    const application = new RunningApplication(folder, command, env("grpc"), nodeOf("22"));
    assert.equal(await application.ended(), 0, application.output);

    const arrived = await arrivedOf(({ text }) => text.includes("grpc.shop.Greeter/Greet"));
    const calls = arrived.spans.filter(({ name }) => name === "grpc.shop.Greeter/Greet");
    assert.deepEqual([calls.length, new Set(calls.map(({ traceId }) => traceId)).size], [2, 1]);
  });

  it("traces what a worker asks of node:https, which it has imported by name, and ends by itself", async () => {
    const folder = await applications.install("worker");
    const { key, cert } = selfSigned();
    const depot = createServer({ key, cert }, (_request, response) => response.end("ok")).listen(0, "127.0.0.1");
    await once(depot, "listening");
    const url = `https://localhost:${(depot.address() as AddressInfo).port}/depot`;
    const variables = { ...env("worker"), DEPOT_URL: url, DEPOT_CERTIFICATE: cert };
    const application = new RunningApplication(folder, ["worker.js"], variables, nodeOf("22"));
    assert.equal(await application.ended(), 0, application.output);
    depot.close();

    const arrived = await arrivedOf(({ text }) => text.includes(url));
    assert.ok(arrived.spans.some(({ name, attributes }) => name === "GET" && attributes["url.full"] === url));
  });

  for (const version of ["7.0.0", "8.21.0", "9.9.5"]) {
    it(`sends what pino ${version} writes, which publishes nothing, once, imported and required`, async () => {
      const folder = await applications.install("pino", `pino@${version}`);
      for (const program of ["program.js", "program.cjs"]) {
        const name = `pino-${version}-${program}`;
        const command = ["--import", "@observability/telemetry/register", program];
        const application = new RunningApplication(folder, command, env(name), nodeOf("22"));
        assert.equal(await application.ended(), 0, application.output);
        // As the application wrote it, beside what is sent.
        assert.match(application.output, /^\{"level":40,[^\n]*"password":"hunter2","msg":"nearly sold out"\}\n$/);

        const isOf = (body: string): boolean => body.includes(`"service.name":"${name}"`);
        const arrived = await arrivedOf(
          ({ logs, spans }) =>
            logs.some(({ body }) => isOf(body)) &&
            logs.every(({ body, traceId }) => !isOf(body) || spans.some((span) => span.traceId === traceId)),
        );
        assert.deepEqual(
          arrived.logs.filter(({ body }) => isOf(body)).map(({ body }) => orderOf(body)),
          [{ message: "nearly sold out", order_id: "4711", password: "[REDACTED]" }],
        );
      }
    });
  }

  it("lets a team test its own telemetry in vitest", async () => {
    const folder = await applications.install("tested");
    const command = ["node_modules/vitest/vitest.mjs", "run", "--no-color"];
    const application = new RunningApplication(folder, command, {}, nodeOf("22"));
    assert.equal(await application.ended(), 0, application.output);
    assert.match(application.output, /Tests +3 passed \(3\)/);
  });

  for (const [flag, line] of [
    ["--import", "22.15"],
    ["--import", "22"],
    ["--import", "24"],
    ["--require", "22"],
  ] as const) {
    it(`traces Express in ES modules without a line of code, with ${flag} on Node.js ${line}`, async () => {
      const folder = await applications.install("zero-code");
      const command = [flag, "@observability/telemetry/register", "server.js"];
      const application = new RunningApplication(folder, command, env("zero-code"), nodeOf(line));
      const path = `/orders/zero${flag}-${line}`;
      await fetch(`${await application.url()}${path}`);
      application.stop();
      assert.equal(await application.ended(), 0, application.output);

      const arrived = await arrivedOf(({ spans }) => spans.some(({ attributes }) => attributes["url.path"] === path));
      const server = arrived.spans.find(({ attributes }) => attributes["url.path"] === path);
      assert.deepEqual([server?.name, server?.attributes["http.route"]], ["GET /orders/:id", "/orders/:id"]);
    });
  }
});

function orderOf(body: string): Record<string, unknown> {
  const { message, order_id, password } = JSON.parse(body) as Record<string, unknown>;
  return { message, order_id, password };
}
