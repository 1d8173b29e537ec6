import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import pWaitFor from "p-wait-for";
import { Applications } from "./support/applications.ts";
import { Collector, type Arrived } from "./support/collector.ts";
import { startKafka, startPostgres, startRedis, type Server } from "./support/servers.ts";
import { startDepot } from "./support/depot.ts";

const run = promisify(execFile);

/** The oldest Node.js that the package supports, the one of this repository, and the newest line with long support. */
const nodeVersions = { "22.15": "22.15.1", "22": undefined, "24": "24.9.0" } as const;

/** A Node.js that is too old for the package. */
const tooOld = { "20.19": "20.19.5" } as const;

describe("applications that have installed the package", () => {
  let applications: Applications;
  let collector: Collector;
  let postgres: Server;
  let redis: Server;
  let kafka: Server;
  const nodes = new Map<string, string>();

  before(async () => {
    applications = await Applications.pack();
    const servers = [Collector.start(), startPostgres(), startRedis(), startKafka()] as const;
    [collector, postgres, redis, kafka] = await Promise.all(servers);
    for (const [line, version] of Object.entries({ ...nodeVersions, ...tooOld })) {
      if (version === undefined) {
        nodes.set(line, process.execPath);
        continue;
      }
      const platform = `node-${process.platform}-${process.arch}`;
      const folder = await applications.install(`node-${line}`, `${platform}@${version}`);
      nodes.set(line, join(folder, "node_modules", platform, "bin", "node"));
    }
  });
  after(async function () {
    // A busy disk takes minutes for the thousands of files that npm has installed.
    this.timeout(600_000);
    await Promise.all([collector.remove(), postgres.stop(), redis.stop(), kafka.stop()]);
    applications.remove();
  });

  const nodeOf = (line: string): string => nodes.get(line) ?? assert.fail(line);
  const env = (serviceName: string): Record<string, string> => ({
    OTEL_SERVICE_NAME: serviceName,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
  });
  /** All that has arrived, as soon as what a test looks for is there. */
  const arrivedOf = async (isThere: (arrived: Arrived) => boolean): Promise<Arrived> =>
    pWaitFor<Arrived>(
      () => {
        const arrived = collector.arrived();
        return isThere(arrived) && pWaitFor.resolveWith(arrived);
      },
      { interval: 100, timeout: { milliseconds: 60_000, message: "what the test looks for has not arrived in 60 s" } },
    );
  /** An attribute of what a service has counted, each value once. */
  const counted = ({ metrics }: Arrived, service: string, metric: string, attribute: string): string[] => {
    const of = metrics.filter(({ name, serviceName }) => name === metric && serviceName === service);
    return [...new Set(of.flatMap(({ points }) => points.flatMap((point) => point[attribute] ?? [])))].sort();
  };
  const routesOf = (arrived: Arrived, service: string): string[] =>
    counted(arrived, service, "http.server.request.duration", "http.route");

  describe("Express in CommonJS with PostgreSQL and Redis", () => {
    let folder: string;
    before(async () => {
      folder = await applications.install("express");
    });

    for (const line of Object.keys(nodeVersions)) {
      it(`has the route, the statements and the error of its requests in one trace each, on Node.js ${line}`, async () => {
        const name = `express-${line}`;
        const variables = { ...env(name), DATABASE_URL: postgres.url, REDIS_URL: redis.url };
        const application = applications.run(folder, ["server.cjs"], variables, nodeOf(line));
        const url = await application.url();
        assert.deepEqual(await (await fetch(`${url}/orders/4711-${line}`)).json(), { id: `4711-${line}` });
        assert.equal((await fetch(`${url}/broken`)).status, 500);
        application.stop();
        assert.ok([0, "SIGTERM"].includes((await application.ended()) ?? -1), application.output);

        const arrived = await arrivedOf(
          (all) => all.text.includes(`4711-${line}`) && routesOf(all, name).includes("/orders/:id"),
        );
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
      const name = `fastify-${line}`;
      const application = applications.run(folder, ["server.js"], env(name), nodeOf(line));
      const url = await application.url();
      await fetch(`${url}/orders/815-${line}`);
      assert.equal((await fetch(`${url}/broken`)).status, 500);
      application.stop();
      assert.ok([0, "SIGTERM"].includes((await application.ended()) ?? -1), application.output);

      const arrived = await arrivedOf(
        (all) => all.text.includes(`815-${line}`) && routesOf(all, name).includes("/orders/:id"),
      );
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
    const application = applications.run(folder, command, env("frameworks"), nodeOf("22"));
    assert.equal(await application.ended(), "SIGTERM", application.output);

    const routes = ["/express/:id", "/fastify/:id", "/hapi/{id}", "/koa/:id"];
    const arrived = await arrivedOf(
      (all) =>
        routes.every((route) => all.text.includes(`GET ${route}`)) &&
        routesOf(all, "frameworks").length >= routes.length,
    );
    assert.deepEqual(routesOf(arrived, "frameworks"), routes);
    // The program's own requests have the paths as well, and no route; nor has a server's span that is called GET.
    const servers = arrived.spans.filter(
      ({ name, attributes }) => name !== "GET" && /^\/[a-z]+\/4711$/.test(attributes["url.path"] ?? ""),
    );
    assert.deepEqual(
      servers.map(({ name, attributes }) => [name, attributes["http.route"]]).sort(),
      routes.map((route) => [`GET ${route}`, route]),
    );
  });

  it("names requests of Nest by their route, takes its logger, and lets its shutdown hooks run", async () => {
    const folder = await applications.install("nest");
    const application = applications.run(folder, ["main.js"], env("nest"), nodeOf("22"));
    await fetch(`${await application.url()}/orders/nest-1`);
    application.stop();
    assert.ok([0, "SIGTERM"].includes((await application.ended()) ?? -1), application.output);
    assert.match(application.output, /stopped by SIGTERM/);

    const arrived = await arrivedOf(
      (all) =>
        all.text.includes("/orders/nest-1") &&
        all.logs.some(({ body }) => body.includes("stopped by SIGTERM")) &&
        routesOf(all, "nest").includes("/orders/:id"),
    );
    const server = arrived.spans.find(({ attributes }) => attributes["url.path"] === "/orders/nest-1");
    assert.deepEqual([server?.name, server?.attributes["http.route"]], ["GET /orders/:id", "/orders/:id"]);
    assert.ok(
      arrived.spans.some(({ traceId, name }) => traceId === server?.traceId && name === "OrdersController.read"),
    );
    assert.deepEqual(
      arrived.logs.filter(({ traceId }) => traceId === server?.traceId).map(({ body }) => orderOf(body)),
      [{ message: "order read", order_id: "nest-1", password: "[REDACTED]" }],
    );
  });

  it("traces both ends of gRPC in CommonJS, although it has loaded the same package before", async () => {
    const folder = await applications.install("grpc");
    const command = ["--require", "@observability/telemetry/register", "program.cjs"];
    const application = applications.run(folder, command, env("grpc"), nodeOf("22"));
    assert.equal(await application.ended(), 0, application.output);

    const arrived = await arrivedOf(({ text }) => text.includes("grpc.shop.Greeter/Greet"));
    const calls = arrived.spans.filter(({ name }) => name === "grpc.shop.Greeter/Greet");
    assert.deepEqual([calls.length, new Set(calls.map(({ traceId }) => traceId)).size], [2, 1]);
  });

  it("traces what a worker asks of node:https, which it has imported by name, and ends by itself", async () => {
    const folder = await applications.install("worker");
    const depot = await startDepot();
    const { DEPOT_URL: url } = depot.env;
    const application = applications.run(folder, ["worker.js"], { ...env("worker"), ...depot.env }, nodeOf("22"));
    assert.equal(await application.ended(), 0, application.output);
    depot.stop();

    const asked = (all: Arrived): string[] => counted(all, "worker", "http.client.request.duration", "server.address");
    const arrived = await arrivedOf((all) => all.text.includes(url) && asked(all).length > 0);
    assert.deepEqual(asked(arrived), ["localhost"]);
    const [, traceId] = (depot.traceparents[0] ?? "").split("-");
    const trace = arrived.spans.filter((span) => span.traceId === traceId);
    assert.deepEqual(trace.map(({ name, attributes }) => [name, attributes["url.full"]]).sort(), [
      ["GET", url],
      ["restock", undefined],
    ]);
    assert.deepEqual(
      arrived.logs.filter((log) => log.traceId === traceId).map(({ body }) => orderOf(body)),
      [{ message: "order read", order_id: "4711", password: "[REDACTED]" }],
    );
  });

  for (const [program, line] of [
    ["program.js", "22.15"],
    ["program.js", "22"],
    ["program.cjs", "22"],
  ] as const) {
    it(`has what kafkajs sends and reads in one trace, by ${program} on Node.js ${line}`, async () => {
      const folder = await applications.install("kafka");
      const command = ["--import", "@observability/telemetry/register", program];
      const name = `kafka-${program}-${line}`;
      const variables = { ...env(name), KAFKA_BROKER: kafka.url, KAFKA_TOPIC: name };
      const application = applications.run(folder, command, variables, nodeOf(line));
      assert.equal(await application.ended(), 0, application.output);

      const processed = (all: Arrived): string[] =>
        counted(all, name, "messaging.process.duration", "messaging.destination.name");
      const arrived = await arrivedOf((all) => all.text.includes(`process ${name}`) && processed(all).length > 0);
      assert.deepEqual(processed(arrived), [name]);
      const [sent, read] = arrived.spans
        .filter(({ attributes }) => attributes["messaging.destination.name"] === name)
        .sort((one, other) => one.kind - other.kind);
      assert(sent);
      assert(read);
      assert.deepEqual([sent.kind, read.kind], [4, 5]);
      assert.deepEqual([sent.name, read.name], [`send ${name}`, `process ${name}`]);
      assert.deepEqual([read.traceId, read.parentSpanId], [sent.traceId, sent.spanId]);
      const { "messaging.kafka.cluster.id": clusterId, ...attributes } = read.attributes;
      assert.match(clusterId ?? "", /./);
      assert.deepEqual(attributes, {
        "messaging.system": "kafka",
        "messaging.destination.name": name,
        "messaging.destination.partition.id": "0",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.kafka.message.key": "berlin",
        "messaging.kafka.offset": "0",
      });
      assert.deepEqual(
        arrived.logs.filter(({ traceId }) => traceId === sent.traceId).map(({ body }) => orderOf(body)),
        [{ message: "order read", order_id: "4711", password: "[REDACTED]" }],
      );
    });
  }

  for (const version of ["7.0.0", "8.21.0", "9.9.5"]) {
    it(`sends what pino ${version} writes, which publishes nothing, once, imported and required`, async () => {
      const folder = await applications.install("pino", `pino@${version}`);
      for (const program of ["program.js", "program.cjs"]) {
        const name = `pino-${version}-${program}`;
        const command = ["--import", "@observability/telemetry/register", program];
        const application = applications.run(folder, command, env(name), nodeOf("22"));
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

  it("has every instrumentation of auto-instrumentations-node, but for those that src/instrumentations says are left out", async () => {
    const measured = readFileSync(join(import.meta.dirname, "../../apps/measured/package.json"), "utf8");
    const { dependencies } = JSON.parse(measured) as Manifest;
    const theirs = "@opentelemetry/auto-instrumentations-node";
    const { stdout } = await run("npm", ["view", `${theirs}@${dependencies[theirs] ?? ""}`, "--json", "dependencies"]);
    const own = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as Manifest;
    const leftOut = Object.keys(JSON.parse(stdout) as Manifest["dependencies"]).filter(
      (name) => name.includes("/instrumentation-") && !(name in own.dependencies),
    );
    assert.deepEqual(leftOut.map((name) => name.replace("@opentelemetry/instrumentation-", "")).sort(), [
      "aws-lambda",
      "bunyan",
      "cucumber",
      "host-metrics",
      "pino",
      "winston",
    ]);
  });

  it("says on Node.js 20 what it needs, and leaves the program alone", async () => {
    const folder = await applications.install("old-node");
    const command = ["--import", "@observability/telemetry/register", "program.cjs"];
    const application = applications.run(folder, command, env("too-old"), nodeOf("20.19"));
    assert.equal(await application.ended(), 0);
    assert.equal(
      application.output,
      "telemetry: nothing is sent: Node.js must be 22.15 or newer, got 20.19.5; use a newer one, or OpenTelemetry's own packages of line 2.x\n" +
        "asked\n",
    );
  });

  it("takes on Node.js 20 what OpenTelemetry's own packages of line 2.x send", async () => {
    const folder = await applications.install("old-node");
    const command = ["--require", "@opentelemetry/auto-instrumentations-node/register", "program.cjs"];
    const application = applications.run(folder, command, env("line-2"), nodeOf("20.19"));
    assert.equal(await application.ended(), 0, application.output);
    await arrivedOf(({ spans }) => spans.some(({ attributes }) => attributes["url.path"] === "/line-2"));
  });

  it("lets a team test its own telemetry in vitest", async () => {
    const folder = await applications.install("tested");
    const command = ["node_modules/vitest/vitest.mjs", "run", "--no-color"];
    const application = applications.run(folder, command, {}, nodeOf("22"));
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
      const name = `zero-code${flag}-${line}`;
      const application = applications.run(folder, command, env(name), nodeOf(line));
      const path = `/orders/${name}`;
      await fetch(`${await application.url()}${path}`);
      application.stop();
      assert.equal(await application.ended(), 0, application.output);

      const arrived = await arrivedOf((all) => all.text.includes(path) && routesOf(all, name).includes("/orders/:id"));
      const server = arrived.spans.find(({ attributes }) => attributes["url.path"] === path);
      assert.deepEqual([server?.name, server?.attributes["http.route"]], ["GET /orders/:id", "/orders/:id"]);
      assert.deepEqual(
        arrived.logs.filter(({ traceId }) => traceId === server?.traceId).map(({ body }) => orderOf(body)),
        [{ message: "order read", order_id: undefined, password: "[REDACTED]" }],
      );
    });
  }
});

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}

function orderOf(body: string): Record<string, unknown> {
  const { message, order_id, password } = JSON.parse(body) as Record<string, unknown>;
  return { message, order_id, password };
}
