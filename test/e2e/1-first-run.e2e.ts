import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { statfsSync } from "node:fs";
import { cpus, totalmem, userInfo } from "node:os";
import { deploymentTag } from "../../config/names.ts";
import { derivedMetrics } from "../../config/collector/derived-metrics.ts";
import { scrapeSeconds } from "../../config/collector/own-metrics.ts";
import { datasourceUid, type AnyPart } from "../../config/parts/part.ts";
import { partList, parts } from "../../config/parts/parts.ts";
import { exampleServiceNames } from "../../config/example-services.ts";
import type { StackOutputs } from "../../cli/outputs.ts";
import { runChecks } from "../../cli/verification/checks.ts";
import type { GrafanaClient } from "../../cli/grafana-client.ts";
import { resolveSpanQuery, tracesToMetricsLink } from "../../cli/verification/links.ts";
import type { Probe } from "../../cli/verification/probe.ts";
import { Applications, type RunningApplication } from "../../packages/telemetry/test/apps/support/applications.ts";
import { startPostgres, startRedis, type Server } from "../../packages/telemetry/test/apps/support/servers.ts";
import { startDepot, type Depot } from "../../packages/telemetry/test/apps/support/depot.ts";
import pWaitFor from "p-wait-for";
import { z } from "zod";
import { alertSecrets } from "./support/alert-receivers.ts";
import { bareSenders, differences, sendBare } from "./support/bare-senders.ts";
import { guideCommands, guideQueries, problemWith, problemWithCommand } from "./support/documented-queries.ts";
import { eventuallyLogs } from "./support/loki.ts";
import { ownMetricProblems } from "./support/own-metrics.ts";
import { emptyPanels } from "./support/panels.ts";
import { readmeCurls, readmeQueries } from "./support/readme.ts";
import { succeed, type Ended } from "./support/run.ts";
import { sharedWorkspace, type Workspace } from "./support/workspace.ts";

/** The ids of the original's documentation. */
const sampleExecution = "abc123";
const sampleTrace = "0af7651916cd43dd8448eb211c80319c";

/** PromQL of the requests for one order that a service has answered. */
const ordersServed = (serviceName: string): string =>
  `sum(http_server_request_duration_seconds_count{service_name="${serviceName}",http_route="/orders/:id"})`;

/**
 * Applications of packages/telemetry/apps: how each is started, what it is asked for, and what its trace has then beside
 * the spans of these requests. One that is asked for nothing asks the depot, in a trace that it has begun itself.
 */
const realApplications = [
  {
    name: "express",
    command: ["server.cjs"],
    protocol: "grpc",
    paths: ["GET /broken", "GET /orders/:id"],
    beside: ["pg.query:SELECT postgres", "set"],
    statements: [
      "SELECT $1::text AS id",
      "SELECT * FROM no_such_table WHERE password = '[REDACTED]'",
      "set order:4711 [1 other arguments]",
    ],
    metricQuery: ordersServed,
  },
  {
    name: "fastify",
    command: ["server.js"],
    protocol: "http/protobuf",
    paths: ["GET /orders/:id"],
    beside: [],
    statements: [],
    metricQuery: ordersServed,
  },
  {
    name: "nest",
    command: ["main.js"],
    protocol: "grpc",
    paths: ["GET /orders/:id"],
    beside: ["OrdersController.read", "read"],
    statements: [],
    metricQuery: ordersServed,
    /** By a shutdown hook, with the logger of Nest. */
    lastLine: "stopped by SIGTERM",
  },
  {
    name: "worker",
    command: ["worker.js"],
    protocol: "http/protobuf",
    paths: [],
    beside: ["GET", "restock"],
    statements: [],
    metricQuery: (serviceName: string): string =>
      `sum(http_client_request_duration_seconds_count{service_name="${serviceName}",server_address="localhost"})`,
  },
  {
    name: "zero-code",
    command: ["--import", "@observability/telemetry/register", "server.js"],
    protocol: "http/protobuf",
    paths: ["GET /orders/:id"],
    beside: [],
    statements: [],
    metricQuery: ordersServed,
  },
] as const satisfies readonly RealApplication[];

describe("the first run, from a fresh clone with nothing running", () => {
  let workspace: Workspace;
  let changedFiles: string;
  let up: Ended;
  let outputs: StackOutputs;
  let grafana: GrafanaClient;

  before(async () => {
    workspace = await sharedWorkspace();
    const installed = await workspace.npm("ci");
    assert.equal(installed.code, 0, installed.output);
    up = await workspace.up();
    // Before anything else: a plain `pulumi` writes its salt into the settings.
    changedFiles = await succeed("git", ["status", "--porcelain"], { cwd: workspace.folder });
    outputs = await workspace.outputs();
    grafana = await workspace.grafana();
    process.stdout.write(`      npm run up took ${(up.tookMillis / 1000).toFixed(1)} s\n`);
    await submit(
      outputs,
      { execution_id: sampleExecution, script: "print(1)", simulate: "none" },
      `00-${sampleTrace}-b7ad6b7169203331-01`,
    );
    await submit(outputs, { script: "print(2)", simulate: "error" });
    await sendBare(outputs.urls.otlpHttp ?? "");
    for (const id of ["12345", "65f1a2b3c4d5e6f7a8b9c0d1", "0b9e3a52-6a1c-4c43-9b7e-1d2f3a4b5c6d"]) {
      await fetch(`${outputs.urls.api ?? ""}/api/v1/executions/${id}`);
    }
  });

  it("ends verified: every check in the table passed", () => {
    assert.match(up.stdout, /log in Loki +passed/);
    assert.match(up.stdout, /trace in Jaeger +passed/);
    assert.match(up.stdout, /metric in VictoriaMetrics +passed/);
    assert.match(up.stdout, /log → trace: TraceID, by regex on the line +passed/);
    assert.match(up.stdout, /log → dashboard: Service, by regex on the line +passed/);
    assert.match(up.stdout, /trace → logs: tracesToLogsV2 +passed/);
    assert.match(up.stdout, /trace → metrics: tracesToMetrics +passed/);
    assert.doesNotMatch(up.stdout, /FAILED/);
  });

  it("has found a log record, a span and a point of the canary again that are less than two minutes old", async () => {
    const metrics = datasourceUid(parts.victoriaMetrics);
    const numbers = async (name: string): Promise<Readonly<Record<string, number>>> => {
      const series = await grafana.series(metrics, `${name}{service_name="canary",service_namespace="stack"}`);
      return Object.fromEntries(series.map(({ labels, value }) => [labels["signal"] ?? "", value] as const));
    };
    await pWaitFor(async () => Object.keys(await numbers("canary_age_seconds")).length === 3, {
      interval: 1000,
      timeout: 60_000,
    });
    const ages = await numbers("canary_age_seconds");
    assert.ok(
      Object.values(ages).every((age) => age < 120),
      JSON.stringify(ages),
    );
    for (const name of ["canary_lost_total", "canary_refused_total"]) {
      assert.deepEqual(await numbers(name), { logs: 0, traces: 0, metrics: 0 }, name);
    }
    // What is made of the spans and lines of services would be 19 series of it.
    const made = await grafana.series(
      metrics,
      `count by (__name__) ({service_name="canary",__name__=~"(${Object.values(derivedMetrics).join("|")}).*"})`,
    );
    assert.deepEqual(made, []);
  });

  it("is marked on the dashboards, with the commit", async () => {
    const marks = await grafana.get(`/api/annotations?tags=${deploymentTag}`);
    const [{ text }, ...others] = z.tuple([z.object({ text: z.string() })]).parse(marks);
    assert.deepEqual(others, []);
    const commit = (await succeed("git", ["rev-parse", "--short=12", "HEAD"], { cwd: workspace.folder })).trim();
    assert.match(text, new RegExp(`^created \\d+ resources<br>by ${userInfo().username}<br>commit ${commit}`));
  });

  it("says what it does at least every two seconds", () => {
    assert.ok(up.longestSilenceMillis < 4000, `longest silence: ${up.longestSilenceMillis} ms`);
  });

  it("prints every address and the user, and never a secret; nothing of alerts, which reach somebody", () => {
    for (const url of Object.values(outputs.urls)) assert.ok(up.stdout.includes(url), `${url} is missing`);
    assert.ok(up.stdout.includes(`user ${outputs.grafanaUser}, password: npm run password`));
    assert.doesNotMatch(up.stdout, /Alerts reach nobody/);
    for (const secret of [outputs.grafanaPassword, ...alertSecrets]) assert.ok(!up.output.includes(secret));
  });

  it("leaves the work tree clean", () => {
    assert.equal(changedFiles, "");
  });

  it("prints the password when asked, and it is the one Grafana takes", async () => {
    const printed = await workspace.npm("run", "--silent", "password");
    assert.equal(printed.stdout.trim(), outputs.grafanaPassword);
    const answer = await fetch(`${outputs.urls.grafana ?? ""}/api/user`, {
      headers: { authorization: `Basic ${Buffer.from(`admin:${printed.stdout.trim()}`).toString("base64")}` },
    });
    assert.equal(answer.status, 200);
  });

  describe("logs", () => {
    for (const query of readmeQueries) {
      it(`answers ${query} without a parse error (S22, D18)`, async () => {
        const lines = await eventuallyLogs(grafana, query);
        assert.deepEqual(
          lines.filter((log) => "__error__" in log.labels),
          [],
        );
      });
    }

    it("come from what the README sends by curl, as it is written there", async () => {
      const curls = readmeCurls(outputs);
      assert.equal(curls.length, 2);
      for (const command of curls) await succeed("sh", ["-ec", command.replaceAll("curl -s ", "curl --fail -s ")]);
      const [line] = await eventuallyLogs(grafana, `{service_name="shop-checkout"}`);
      assert.equal(line?.line, "hello");
    });

    for (const service of exampleServiceNames) {
      it(`come from ${service} under its own name (S1, D3)`, async () => {
        await eventuallyLogs(grafana, `{service_name="integr8scode-${service}"}`);
      });
    }

    it("carry trace and span id as structured metadata (S12)", async () => {
      const [log] = await eventuallyLogs(grafana, `{service_namespace="integr8scode"} | trace_id="${sampleTrace}"`);
      assert.equal(log?.labels["trace_id"], sampleTrace);
      assert.match(log.labels["span_id"] ?? "", /^[0-9a-f]{16}$/);
    });

    it("are the same line that the process wrote to stdout, once (S3, R6)", async () => {
      const query = `{service_name="integr8scode-saga-orchestrator"} | json | trace_id="${sampleTrace}"`;
      const stored = (await eventuallyLogs(grafana, query)).map((log) => log.line).sort();
      const written = (await succeed("docker", ["logs", `${workspace.name}-saga-orchestrator`])).split("\n");
      assert.deepEqual(stored, written.filter((line) => line.includes(sampleTrace)).sort());
    });
  });

  it("one execution's trace crosses at least four services (S3, D4)", async () => {
    const trace = await grafana.trace(datasourceUid(parts.jaeger), sampleTrace);
    assert.ok((trace?.serviceNames.length ?? 0) >= 4, `found ${trace?.serviceNames.join(", ") ?? "no trace"}`);
  });

  it("every example service is in VictoriaMetrics, with metrics of their own (D5)", async () => {
    const names = await labelValues(outputs, "service_name");
    assert.deepEqual(
      names.filter((name) => name.startsWith("integr8scode-")),
      exampleServiceNames.map((name) => `integr8scode-${name}`).sort(),
    );
  });

  it("routes are counted by their template, whatever ids are asked for (D13)", async () => {
    assert.deepEqual(await labelValues(outputs, "http_route"), [
      "/api/v1/executions",
      "/api/v1/executions/:id",
      "/messages",
    ]);
  });

  it("no panel of the home page is without data (D5, D6)", async () => {
    let empty: readonly string[] = [];
    await pWaitFor(
      async () => {
        empty = await emptyPanels(outputs);
        return empty.length === 0;
      },
      { interval: 2000, timeout: 90_000 },
    ).catch(() => undefined);
    assert.deepEqual(empty, []);
  });

  it("every query and every docker command of the guide answers (D16)", async () => {
    let waiting = guideQueries;
    let problems: readonly string[] = [];
    await pWaitFor(
      async () => {
        const asked = [];
        for (const query of waiting) asked.push({ query, problem: await problemWith(query, grafana) });
        waiting = asked.filter(({ problem }) => problem !== undefined).map(({ query }) => query);
        problems = asked.flatMap(({ problem }) => problem ?? []);
        return waiting.length === 0;
      },
      { interval: 2000, timeout: 120_000 },
    ).catch(() => undefined);
    for (const command of guideCommands) {
      // A part that a command of the guide has just started answers the next one as soon as it listens.
      let problem: string | undefined;
      await pWaitFor(async () => (problem = await problemWithCommand(command, workspace.name)) === undefined, {
        interval: 1000,
        timeout: 30_000,
      }).catch(() => undefined);
      if (problem !== undefined) problems = [...problems, problem];
    }
    assert.deepEqual(problems, []);
  });

  it("the engine's own trace is in Jaeger when it is asked for, as the guide says", async () => {
    const grpc = outputs.urls.otlpGrpc?.replace("http", "grpc") ?? "";
    const preview = await workspace.npm("run", "pulumi", "--", "preview", "--otel-traces", grpc);
    assert.equal(preview.code, 0, preview.output);
    const services = z.object({ data: z.array(z.string()) });
    await pWaitFor(
      async () => {
        const answer = await grafana.proxy(datasourceUid(parts.jaeger), "api/services");
        return services.parse(answer).data.includes("pulumi-cli");
      },
      { interval: 500, timeout: 30_000 },
    );
  });

  it("two processes of one service are two series (D9)", async () => {
    const instances = await labelValues(outputs, "service_instance_id", `{service_name="integr8scode-k8s-worker"}`);
    assert.deepEqual(instances, [`${workspace.name}-k8s-worker`, `${workspace.name}-k8s-worker-2`]);
  });

  it("every link from a span to its metrics finds some, of a span that is made all the time", async () => {
    const link = tracesToMetricsLink(await grafana.jsonData(datasourceUid(parts.jaeger)));
    const trace = await grafana.trace(datasourceUid(parts.jaeger), sampleTrace);
    const spanTags = trace?.spanTags.find((tags) => tags["service.name"] === "integr8scode-backend") ?? {};
    for (const { name, query } of link.queries) {
      const found = (): Promise<number | undefined> =>
        grafana.metric(link.datasourceUid, resolveSpanQuery(query, link, spanTags));
      await pWaitFor(async () => ((await found()) ?? 0) > 0, { timeout: { milliseconds: 60_000, message: name } });
    }
  });

  describe("each part of the stack", () => {
    it("is observed by what it measures of itself, as far as that is needed and no further", async () => {
      let problems: readonly string[] = [];
      // Twice what lies between two times that it is asked.
      const enough = { interval: 2000, timeout: 2 * scrapeSeconds * 1000 };
      await pWaitFor(async () => (problems = await ownMetricProblems(grafana)).length === 0, enough).catch(
        () => undefined,
      );
      assert.deepEqual(problems, []);
    });

    it("answers, and uses less memory than its limit, which is the container's", async () => {
      const of = async (query: string): Promise<Readonly<Record<string, number>>> => {
        const found = await grafana.series(datasourceUid(parts.victoriaMetrics), query);
        return Object.fromEntries(found.map(({ labels, value }) => [labels["service_name"] ?? "", value]));
      };
      const measured = partList.filter(({ metrics }) => metrics !== "none");
      const each = (value: (part: AnyPart) => number): Readonly<Record<string, number>> =>
        Object.fromEntries(measured.map((part) => [part.host, value(part)]));
      assert.deepEqual(
        await of('up{service_namespace="stack"}'),
        each(() => 1),
      );
      assert.deepEqual(
        await of("process_memory_limit_bytes"),
        each(({ memoryMib }) => memoryMib.default * 1024 ** 2),
      );
      assert.deepEqual(
        await of("process_resident_memory_bytes < bool process_memory_limit_bytes and process_uptime_seconds > 0"),
        each(() => 1),
      );
    });
  });

  it("measures the machine and not a container: its memory, cores, and the room for Docker's volumes", async () => {
    const of = (query: string): Promise<number | undefined> =>
      grafana.metric(datasourceUid(parts.victoriaMetrics), query);
    assert.deepEqual(
      [await of("system_memory_limit_bytes"), await of("system_cpu_logical_count")],
      [totalmem(), cpus().length],
    );
    const { blocks, bsize } = statfsSync((await succeed("docker", ["info", "--format", "{{.DockerRootDir}}"])).trim());
    assert.equal(await of("sum(system_filesystem_usage_bytes)"), blocks * bsize);
  });

  describe("a service that says nothing of itself but its name", () => {
    /** Values of a label that a picker of the dashboard offers, as soon as `wanted` is among them. */
    async function eventually(query: string, wanted: number): Promise<number | undefined> {
      let found: number | undefined;
      await pWaitFor(
        async () => (found = await grafana.metric(datasourceUid(parts.victoriaMetrics), query)) === wanted,
        { interval: 1000, timeout: 60_000 },
      ).catch(() => undefined);
      return found;
    }

    it("has its level by its number, a namespace and an instance, whatever its language calls them", async () => {
      const [line] = await eventuallyLogs(grafana, `{service_name="${bareSenders.logs}"}`);
      const { severity_text, detected_level, service_namespace, service_instance_id } = line?.labels ?? {};
      assert.deepEqual([severity_text, detected_level, service_namespace], ["ERROR", "error", "unknown"]);
      assert.match(service_instance_id ?? "", /^[0-9.]+$/);
    });

    it("has requests, failures and latencies by its spans alone", async () => {
      const of = `{service_name="${bareSenders.spans}",span_kind="SPAN_KIND_SERVER"`;
      assert.equal(
        await eventually(`sum(traces_span_metrics_calls_total${of},status_code="STATUS_CODE_ERROR"})`, 1),
        1,
      );
      assert.equal(await eventually(`sum(traces_span_metrics_duration_seconds_bucket${of},le="0.025"})`, 1), 1);
    });

    it("has totals of the differences that it sends", async () => {
      const total = differences.reduce((sum, each) => sum + each, 0);
      assert.equal(await eventually(`bare_differences_total{service_name="${bareSenders.metrics}"}`, total), total);
    });

    it("is offered by the pickers of the dashboard, whatever it sends", async () => {
      const wanted = Object.values(bareSenders);
      // As a picker does, over the time on the screen: one line makes one point.
      const sent = `last_over_time({service_namespace="unknown",service_name=~"${wanted.join("|")}"}[1h])`;
      const listed = `count(group by (service_name) (${sent}))`;
      assert.equal(await eventually(listed, wanted.length), wanted.length);
    });
  });

  describe("an application of this machine that has installed the package is found again, from a line to its trace, its lines and its metric:", () => {
    const asked = new Map<string, Asked>();
    let applications: Applications;
    let servers: readonly Server[] = [];
    let depot: Depot;

    before(async () => {
      applications = await Applications.pack();
      depot = await startDepot();
      const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
      servers = [postgres, redis];
      const env = { DATABASE_URL: postgres.url, REDIS_URL: redis.url, ...depot.env };
      await Promise.all(
        realApplications.map(async (application) => {
          const { name, command } = application;
          const folder = await applications.install(name);
          const sentMillis = Date.now();
          const its = { ...env, ...sendingTo(outputs, application) };
          const running = applications.run(folder, command, its, process.execPath);
          asked.set(name, { ...(await ask(application, running, depot)), sentMillis });
        }),
      );
    });
    after(async () => {
      depot.stop();
      await Promise.all(servers.map((server) => server.stop()));
      applications.remove();
    });

    for (const { name, paths, beside, statements, lastLine } of realApplications as readonly RealApplication[]) {
      it(`${name}, with its routes, spans and statements, and without secrets`, async () => {
        const probe = asked.get(name) ?? assert.fail(name);
        const context = { grafana, grafanaVersion: await grafana.version(), probe, metricBefore: 0 };
        const results = await runChecks({ ...context, logCommand: (host) => host }, () => undefined);
        assert.deepEqual(
          results.filter(({ passed }) => !passed),
          [],
        );
        const answer = await grafana.text(
          `/api/datasources/proxy/uid/${datasourceUid(parts.jaeger)}/api/traces/${probe.traceId}`,
        );
        const spans = jaegerTrace.parse(JSON.parse(answer)).data.flatMap((trace) => trace.spans);
        const valuesOf = (key: string): unknown[] =>
          spans.flatMap(({ tags }) => tags.filter((tag) => tag.key === key).map(({ value }) => value)).sort();
        const served = spans.filter(({ tags }) => tags.some(({ value }) => value === "server"));
        assert.deepEqual(served.map(({ operationName }) => operationName).sort(), [...paths].sort());
        const names = new Set(spans.map(({ operationName }) => operationName));
        assert.deepEqual(
          beside.filter((one) => !names.has(one)),
          [],
          [...names].join(", "),
        );
        assert.deepEqual(valuesOf("db.query.text"), statements);
        const lines = await eventuallyLogs(grafana, `{service_name="${probe.serviceName}"}`);
        assert.ok(lines.some(({ line }) => line.includes('"password":"[REDACTED]"')));
        if (lastLine !== undefined) assert.ok(lines.some(({ line }) => line.includes(`"message":"${lastLine}"`)));
        assert.ok(!`${answer} ${JSON.stringify(lines)}`.includes("hunter2"));
      });
    }
  });
});

/** An application of `realApplications`. */
interface RealApplication {
  readonly name: string;
  readonly command: readonly string[];
  readonly protocol: "grpc" | "http/protobuf";
  readonly paths: readonly string[];
  readonly beside: readonly string[];
  readonly statements: readonly string[];
  /** PromQL of a counter that its run raises. */
  readonly metricQuery: (serviceName: string) => string;
  /** What it writes when it is asked to stop. */
  readonly lastLine?: string;
}

/** What was sent on its way through an application. */
interface Asked extends Probe {
  readonly serviceName: string;
}

const jaegerTrace = z.object({
  data: z.array(
    z.object({
      spans: z.array(
        z.object({
          operationName: z.string(),
          tags: z.array(z.object({ key: z.string(), value: z.unknown() })),
        }),
      ),
    }),
  ),
});

/** What the README has a process on this machine set. */
function sendingTo({ urls }: StackOutputs, { name, protocol }: RealApplication): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: (protocol === "grpc" ? urls.otlpGrpc : urls.otlpHttp) ?? "",
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_SERVICE_NAME: `shop-${name}`,
    OTEL_RESOURCE_ATTRIBUTES: "service.namespace=shop",
  };
}

/** Sends an application its requests, in one trace, and waits until it has ended, which delivers what waits. */
async function ask(
  { name, paths, metricQuery }: RealApplication,
  application: RunningApplication,
  depot: Depot,
): Promise<Omit<Asked, "sentMillis">> {
  const serviceName = `shop-${name}`;
  const traceparent = `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-01`;
  if (paths.length > 0) {
    const url = await application.url();
    for (const path of paths) {
      await fetch(`${url}${path.replace("GET ", "").replace(":id", "4711")}`, { headers: { traceparent } });
    }
    application.stop();
  }
  assert.ok([0, "SIGTERM"].includes((await application.ended()) ?? -1), application.output);
  const [, traceId = ""] = (paths.length > 0 ? traceparent : (depot.traceparents[0] ?? "")).split("-");
  return {
    description: `an order that ${name} has read`,
    serviceName,
    traceId,
    logQuery: `{service_name="${serviceName}"} | json | message="order read"`,
    metricQuery: metricQuery(serviceName),
    leastServices: 1,
  };
}

async function submit(outputs: StackOutputs, execution: object, traceparent?: string): Promise<void> {
  const answer = await fetch(`${outputs.urls.api ?? ""}/api/v1/executions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(traceparent === undefined ? {} : { traceparent }) },
    body: JSON.stringify(execution),
  });
  assert.ok(answer.status === 202 || answer.status >= 500, `the API answered ${answer.status}`);
}

async function labelValues(outputs: StackOutputs, label: string, match?: string): Promise<readonly string[]> {
  const parameters = match === undefined ? "" : `?${new URLSearchParams({ "match[]": match }).toString()}`;
  const answer = await fetch(`${outputs.urls.victoriaMetrics ?? ""}/api/v1/label/${label}/values${parameters}`);
  const { data } = (await answer.json()) as { data: string[] };
  return data.sort();
}
