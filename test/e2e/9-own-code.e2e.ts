import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import fc from "fast-check";
import pWaitFor from "p-wait-for";
import { stringify } from "yaml";
import { fragmentConfig, fragmentProblems, mergedDocument } from "../../config/collector/fragment.ts";
import { defaultImages } from "../../config/resolve-images.ts";
import { otelCollectorConfig, otelCollectorDocument } from "../../config/collector/document.ts";
import { isRecord } from "../../config/parse.ts";
import type { ServiceInput } from "../../config/service-args.ts";
import { mergedSettings, ownCodeExamples } from "../../generators/own-code-examples.ts";
import { pythonImage } from "./support/images.ts";
import { hostileFragment, lostParts, sensibleFragment } from "../support/hostile-fragment.ts";
import { eventuallyLogs, logs } from "./support/loki.ts";
import { mistakes, startMistaken, type Mistake } from "./support/mistakes.ts";
import { printedConfig } from "./support/print-config.ts";
import { buildPythonInstrumentation, flaskService, pythonInstrumentation } from "./support/python.ts";
import { succeed, type Ended } from "./support/run.ts";
import {
  copyService,
  plainService,
  secretOfService,
  serviceStatement,
  stepFile,
  stepLine,
  withStep,
} from "./support/service-fixtures.ts";
import { metricsOf, tracesOf } from "./support/service-telemetry.ts";
import { sharedWorkspace, type Workspace } from "./support/workspace.ts";
import { namedDocument } from "../../config/additions.ts";
import { delivery } from "../support/settings.ts";

const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "own-code.md"), "utf8");
const examples = ownCodeExamples(page);
/** With what the Collector and Grafana put something else for, wherever they read it. */
const secrets: Readonly<Record<string, string>> = {
  TOKEN: "token-$HOME-${HOME}-$$-of-the-test",
  PASSWORD: "password-$HOME-${HOME}-$$-of-the-test",
};
/** A data source that would be the stack's own if Grafana replaced something in it. */
const lookalike = {
  name: "Loki${NOPE}",
  uid: "lookalike",
  type: "loki",
  url: "http://checkout:8080/$HOME",
  jsonData: { note: "${HOME} $__env{HOME} $$" },
};

/** Every example of docs/own-code.md on the stack that runs, its backends all the service of the page itself. */
describe("own code, as docs/own-code.md has it", () => {
  let workspace: Workspace;
  let otherRepository: string;
  let restore: () => void;
  let up: Ended;
  let idsAfter: ReadonlyMap<string, string>;

  before(async () => {
    workspace = await sharedWorkspace();
    const { folder } = workspace;
    const files = ["Pulumi.dev.yaml", "index.ts"].map((name) => join(folder, name));
    const before = files.map((file) => [file, readFileSync(file)] as const);
    restore = () => {
      for (const [file, content] of before) writeFileSync(file, content);
      rmSync(join(folder, "dashboards"), { recursive: true, force: true });
      rmSync(otherRepository, { recursive: true, force: true });
    };
    otherRepository = mkdtempSync(join(tmpdir(), "observability-own-"));
    copyService("own-service", join(otherRepository, "checkout"));
    copyService("plain-service", join(otherRepository, "plain"));
    appendFileSync(join(folder, "index.ts"), here(examples.buildStatement));
    const flask = {
      build: { context: join(otherRepository, "flask"), args: { PYTHON_IMAGE: pythonImage } },
      instrument: "python",
      instrumentImage: pythonInstrumentation(workspace.name),
      env: { PYTHONPATH: "/packages" },
      ports: [{ name: "http", port: 8080 }],
    } satisfies ServiceInput;
    await Promise.all([flaskService(flask.build.context), buildPythonInstrumentation(flask.instrumentImage)]);
    const plain = { ...plainService(join(otherRepository, "plain")), ...withStep() };
    const instrumented = { plain, flask };
    for (const [name, args] of Object.entries(instrumented)) {
      appendFileSync(join(folder, "index.ts"), serviceStatement(name, args));
    }
    mkdirSync(join(folder, "dashboards", "Shop"), { recursive: true });
    writeFileSync(join(folder, "dashboards", "Shop", "orders.json"), examples.dashboard);
    await workspace.configure((config) => {
      const own = mergedSettings([config, ...examples.settings, { grafana: { datasources: [lookalike] } }]);
      Object.assign(config, JSON.parse(here(JSON.stringify(own))));
    });
    for (const args of examples.secretCommands) {
      const ended = await workspace.npm(...args.map((arg) => secrets[arg] ?? arg));
      assert.equal(ended.code, 0, ended.output);
    }
    // Pulumi's command repeats what npm was asked; the rest must not.
    workspace.printed = "";
    up = await workspace.up();
    idsAfter = await workspace.containerIds();
  });

  after(() => {
    restore();
  });

  /** An example with the folder and the addresses of this test. */
  function here(example: string): string {
    return example
      .replaceAll("../checkout", join(otherRepository, "checkout"))
      .replaceAll(/, hostPort: \d+/g, "")
      .replaceAll(/https?:\/\/(?:tempo|prometheus)\.example\.com(?::\d+)?/g, "http://checkout:8080");
  }

  async function saidByService(pattern: RegExp): Promise<void> {
    let said = "";
    await pWaitFor(
      async () => {
        said = await succeed("docker", ["logs", `${workspace.name}-checkout`]);
        return pattern.test(said);
      },
      { interval: 500, timeout: 30_000 },
    ).catch(() => undefined);
    assert.match(said, pattern);
  }

  async function askGrafana(path: string): Promise<unknown> {
    const { urls, grafanaUser, grafanaPassword } = await workspace.outputs();
    const login = Buffer.from(`${grafanaUser}:${grafanaPassword}`).toString("base64");
    const answer = await fetch(`${urls.grafana ?? ""}${path}`, { headers: { authorization: `Basic ${login}` } });
    assert.equal(answer.status, 200, path);
    return answer.json();
  }

  it("ends verified", () => {
    assert.doesNotMatch(up.stdout, /FAILED/);
  });

  it("runs a service that is built from another folder, and has its lines in Loki", async () => {
    const [log] = await eventuallyLogs(await workspace.grafana(), `{service_name="integr8scode-checkout"}`);
    assert.equal(log?.line, "hello from another repository");
  });

  it("runs a step to its end before a service, with its volume, which belongs to the service's user", async () => {
    const inContainer = ["exec", `${workspace.name}-plain`];
    assert.equal(await succeed("docker", [...inContainer, "cat", stepFile]), stepLine);
    const owner = `require("node:fs").statSync("${stepFile}").uid`;
    assert.equal((await succeed("docker", [...inContainer, "node", "-p", owner])).trim(), "1000");
    await succeed("docker", ["volume", "inspect", `${workspace.name}_plain_notes`]);
  });

  it("hands a service a secret of another resource as a file, which no listing of Docker's shows", async () => {
    const { grafanaPassword } = await workspace.outputs();
    const container = `${workspace.name}-plain`;
    assert.equal(await succeed("docker", ["exec", container, "cat", secretOfService.path]), grafanaPassword);
    const listed = await succeed("docker", ["inspect", container]);
    assert.ok(listed.includes(`${secretOfService.name}_FILE=${secretOfService.path}`));
    assert.ok(!listed.includes(grafanaPassword));
  });

  it("has logs, traces and metrics of a service that knows nothing of telemetry, its secrets redacted", async () => {
    const name = "integr8scode-plain";
    const [log] = await eventuallyLogs(await workspace.grafana(), `{service_name="${name}"} |= "asked for /orders"`);
    assert.match(log?.line ?? "", /"message":"asked for \/orders\?token=\[REDACTED\]"/);
    assert.match(await tracesOf(await workspace.outputs(), name), /"key":"span.kind","type":"string","value":"server"/);
    assert.match(await metricsOf(await workspace.outputs(), name), /"http_server_request_duration_seconds_count"/);
  });

  it("has logs, traces by route and metrics of a Python service, with what the operator's image has for another Python", async () => {
    const name = "integr8scode-flask";
    const [log] = await eventuallyLogs(await workspace.grafana(), `{service_name="${name}"} |= "asked for 4711"`);
    assert.ok(log);
    assert.equal(log.line, "asked for 4711");
    const traces = await tracesOf(await workspace.outputs(), name);
    assert.match(traces, /"key":"http.route","type":"string","value":"\/orders\/\\u003corder\\u003e"/);
    assert.match(traces, new RegExp(`"traceID":"${log.labels["trace_id"] ?? "none"}"`));
    assert.match(await metricsOf(await workspace.outputs(), name), /"http_server_request_duration_seconds_count"/);
  });

  it("sends a copy of the traces to a backend of one's own, with the secret as its login", async () => {
    const said = `POST /v1/traces Bearer ${secrets["TOKEN"] ?? ""} `.replaceAll(/[$^*+?.()|{}[\]\\]/g, "\\$&");
    await saidByService(new RegExp(`${said}.*integr8scode-saga-orchestrator`));
  });

  it("has the dashboard in a folder of its own", async () => {
    const found = z
      .array(z.looseObject({ uid: z.string(), title: z.string(), folderTitle: z.string() }))
      .parse(await askGrafana("/api/search?query=Orders&type=dash-db"))
      .map(({ uid, title, folderTitle }) => ({ uid, title, folderTitle }));
    assert.deepEqual(found, [{ uid: "shop-orders", title: "Orders", folderTitle: "Shop" }]);
  });

  it("has the data source, which logs in with the secret", async () => {
    const datasource = await askGrafana("/api/datasources/uid/orders");
    assert.ok(isRecord(datasource));
    assert.deepEqual(datasource["secureJsonFields"], { basicAuthPassword: true });
    await askGrafana("/api/datasources/proxy/uid/orders/api/v1/labels");
    const login = Buffer.from(`grafana:${secrets["PASSWORD"] ?? ""}`).toString("base64");
    await saidByService(new RegExp(`GET /api/v1/labels Basic ${login}`));
  });

  it("has a data source as it was written, beside the stack's own", async () => {
    const found = z
      .object({ name: z.string(), uid: z.string(), type: z.string(), url: z.string(), jsonData: z.unknown() })
      .parse(await askGrafana("/api/datasources/uid/lookalike"));
    assert.deepEqual(found, { ...lookalike, jsonData: { note: "${HOME} $__env{HOME} $" } });
    const own = z
      .looseObject({ name: z.string(), url: z.string() })
      .parse(await askGrafana("/api/datasources/uid/loki"));
    assert.deepEqual([own.name, own.url], ["Loki", "http://loki:3100"]);
  });

  it("finds the lines of a logger by their trace that has its ids in attributes, and leaves those that are none", async () => {
    const [ids, own] = [{ trace_id: "0af7651916cd43dd8448eb211c80319c", span_id: "b7ad6b7169203331" }, "1".repeat(32)];
    const attributes = (values: Readonly<Record<string, string>>): object[] =>
      Object.entries(values).map(([key, value]) => ({ key, value: { stringValue: value } }));
    const record = (line: string, values: Readonly<Record<string, string>>, context: object = {}): object => ({
      ...{
        timeUnixNano: `${Date.now()}000000`,
        body: { stringValue: line },
        attributes: attributes(values),
        ...context,
      },
    });
    const logRecords = [
      record("adopted", ids),
      record("its own", ids, { traceId: own, spanId: "2".repeat(16) }),
      record("no ids", { trace_id: "0AF7", span_id: "0".repeat(16) }),
    ];
    const resource = { attributes: attributes({ "service.name": "other-logger" }) };
    const { urls } = await workspace.outputs();
    const answer = await fetch(`${urls.otlpHttp ?? ""}/v1/logs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] }),
    });
    assert.equal(answer.status, 200);
    const grafana = await workspace.grafana();
    await eventuallyLogs(grafana, `{service_name="other-logger"}`, 3);
    const lines = async (condition: string): Promise<readonly string[]> =>
      (await logs(grafana, `{service_name="other-logger"} | ${condition}`)).map(({ line }) => line);
    assert.deepEqual(await lines(`trace_id="${ids.trace_id}" | span_id="${ids.span_id}"`), ["adopted"]);
    assert.deepEqual(await lines(`trace_id="${own}" | span_id="${"2".repeat(16)}"`), ["its own"]);
    assert.deepEqual(await lines(`trace_id="0AF7" | span_id="${"0".repeat(16)}"`), ["no ids"]);
  });

  it("keeps the secrets out of the state, of previews and of everything that is printed", async () => {
    const preview = await workspace.npm("run", "--silent", "preview", "--", "--json");
    const outputs = await workspace.pulumi("stack", "output", "--json", "--stack", "dev");
    assert.deepEqual([preview.code, outputs.code], [0, 0]);
    const state = await succeed("grep", ["--recursive", "--count", "observability", ".pulumi-state"], {
      cwd: workspace.folder,
    });
    assert.match(state, /stacks\/observability\/dev\.json:[1-9]/);
    for (const secret of Object.values(secrets)) {
      assert.ok(![workspace.printed, preview.output, outputs.output].join("\n").includes(secret));
      // 1: there is no such line.
      await assert.rejects(succeed("grep", ["--recursive", secret, ".pulumi-state"], { cwd: workspace.folder }), {
        message: /ended with 1:\n$/,
      });
    }
  });

  it("is not changed by a second up, which asks Docker how everything is", async () => {
    const again = await workspace.pulumi(
      ...["up", "--refresh", "--yes", "--skip-preview", "--expect-no-changes", "--stack", "dev"],
    );
    assert.equal(again.code, 0, again.output);
    assert.deepEqual(await workspace.containerIds(), idsAfter);
  });

  describe("and npm run why", () => {
    let all: readonly Mistake[];
    let remove: () => Promise<void>;
    const why = (...args: readonly string[]): Promise<Ended> => workspace.npm("run", "--silent", "why", ...args);

    before(async () => {
      all = mistakes((await workspace.outputs()).urls.otlpHttp ?? "");
      remove = await startMistaken(workspace, all);
    });
    after(async () => {
      await remove();
    });

    it("names the mistake in the environment of a real service first, and what to do about it", async () => {
      const told = [];
      for (const { service } of all) {
        const { code, stdout } = await why("--", service);
        told.push([code, ...stdout.split("\n", 2)]);
      }
      assert.deepEqual(
        told,
        all.map(({ service, cause, next }) => [1, `${service}: ${cause}`, `  next: ${next}`]),
      );
    });

    it("says that everything of a service arrives that is right, by the name of its container as well", async () => {
      const { code, stdout } = await why("--", "backend");
      assert.deepEqual(
        [code, stdout.split("\n", 1)],
        [0, ["backend: everything arrives as integr8scode-backend"]],
        stdout,
      );
      assert.match(
        stdout,
        /tried +an empty export by gRPC from there to http:\/\/otel-collector:4317: gRPC status 0\n/,
      );
    });

    it("without a name lists what arrives of every service, of one without a name too", async () => {
      await eventuallyLogs(await workspace.grafana(), '{service_name=~"unknown_service.*"}');
      const { code, stdout } = await why();
      assert.equal(code, 0);
      assert.match(stdout, /^ +integr8scode-backend(?: +\d+ (?:s|min)){3}$/m);
      assert.match(stdout, /^ +unknown_service\S* +\d+ s /m);
    });

    it("leaves no container behind", async () => {
      assert.equal(await succeed("docker", ["ps", "--all", "--quiet", "--filter", "name=observability-why-"]), "");
    });
  });

  it("is what the Collector itself makes of the two files, with the stack's own delivery in it, whatever is added", async () => {
    const given = { memoryMib: 256, queueMib: 512, readsHost: true, enrichment: {}, ...delivery };
    const ours = otelCollectorDocument(given);
    const printed = (...files: readonly string[]): Promise<unknown> =>
      printedConfig(defaultImages.otelCollector, files);
    const alone = await printed(otelCollectorConfig(given));
    const hostile = fc.sample(hostileFragment(ours), { numRuns: 2000, seed: 1 });
    const fragments = [
      ...fc.sample(sensibleFragment, { numRuns: 6, seed: 1 }),
      ...hostile.filter((own) => fragmentProblems(own, namedDocument, []).length === 0).slice(0, 6),
    ];
    let read = 0;
    for (const own of fragments) {
      assert.deepEqual(fragmentProblems(own, namedDocument, []), []);
      const both = await printed(otelCollectorConfig(given), fragmentConfig(own, given));
      const one = stringify(mergedDocument(ours, own), { defaultStringType: "QUOTE_DOUBLE" });
      assert.deepEqual(both, await printed(one), JSON.stringify(own));
      // Some of the hostile ones the Collector itself does not take.
      if (both === undefined) continue;
      read += 1;
      assert.deepEqual(lostParts(both, alone), [], JSON.stringify(own));
    }
    assert.ok(read >= 6, `${read} were read`);
  });

  it("tells what is wrong with a service of the program before anything is changed", async () => {
    const file = join(workspace.folder, "index.ts");
    const before = readFileSync(file, "utf8");
    appendFileSync(
      file,
      'new InstrumentedService("late", { stack, image: "example.com/late:1", memoryMiB: 64 } as never);\n',
    );
    const ended = await workspace.npm("run", "up");
    writeFileSync(file, before);
    assert.equal(ended.code, 1, ended.output);
    assert.match(
      ended.stderr,
      /^late\.memoryMiB: [^\n]+; did you mean [^\n]*memoryMib\? \(OBS1002\)\n {2}next: correct /m,
    );
    assert.doesNotMatch(ended.output, /deploying the stack/);
    assert.deepEqual(await workspace.containerIds(), idsAfter);
  });

  it("tells of a wrong fragment in the Collector's own words, and changes nothing", async () => {
    const file = join(workspace.folder, "Pulumi.dev.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("error_mode:", "eror_mode:"));
    const ended = await workspace.npm("run", "up");
    assert.notEqual(ended.code, 0);
    const said = ended.stderr.trim().split("\n");
    assert.ok(said.length <= 10, ended.stderr);
    assert.match(ended.stderr, /^otelCollector\.config: .*\n(?:.*\n)*.*has invalid keys: eror_mode$/m);
    assert.match(ended.stderr, /\nnothing was changed\n {2}next: /);
    assert.deepEqual(await workspace.containerIds(), idsAfter);
  });

  it("stops plain pulumi before it replaces the Collector that runs", async () => {
    const ended = await workspace.pulumi("up", "--yes", "--skip-preview", "--stack", "dev");
    assert.notEqual(ended.code, 0);
    assert.match(ended.output, /otelCollector\.config: [\s\S]*has invalid keys: eror_mode/);
    const ids = await workspace.containerIds();
    const changed = [...idsAfter.keys()].filter((name) => ids.get(name) !== idsAfter.get(name));
    assert.deepEqual(changed, [`${workspace.name}-otel-collector-check`]);
  });
});
