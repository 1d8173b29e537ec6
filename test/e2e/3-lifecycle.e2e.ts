import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import pWaitFor from "p-wait-for";
import { exampleServiceNames } from "../../config/example-services.ts";
import { dashboardUids } from "../../config/names.ts";
import { datasourceUid } from "../../config/parts/part.ts";
import { parts } from "../../config/parts/parts.ts";
import type { StackOutputs } from "../../cli/outputs.ts";
import { changeDashboards } from "./support/changed-dashboards.ts";
import { eventuallyLogs } from "./support/loki.ts";
import { emptyPanels } from "./support/panels.ts";
import { run, succeed } from "./support/run.ts";
import {
  favouredService,
  sampledService,
  sendTraces,
  storedTraces,
  traceKinds,
  tracesOfKind,
} from "./support/sampled-traces.ts";
import { sharedWorkspace, type Workspace } from "./support/workspace.ts";

const sampleTrace = "0af7651916cd43dd8448eb211c80319c";

describe("a stack that is deployed already", () => {
  let workspace: Workspace;

  before(async () => {
    workspace = await sharedWorkspace();
  });

  /** Names of the containers that `action` replaced, added or removed. */
  async function changedBy(action: () => Promise<unknown>): Promise<string[]> {
    const before = await workspace.containerIds();
    await action();
    const after = await workspace.containerIds();
    const names = new Set([...before.keys(), ...after.keys()]);
    return [...names]
      .filter((name) => before.get(name) !== after.get(name))
      .map((name) => name.slice(workspace.name.length + 1));
  }

  /** Looks until what is expected is found, for a minute at most. */
  async function eventually(expected: unknown, look: () => Promise<unknown>): Promise<void> {
    let found: unknown;
    await pWaitFor(async () => isDeepStrictEqual((found = await look()), expected), {
      interval: 2000,
      timeout: 60_000,
    }).catch(() => undefined);
    assert.deepEqual(found, expected);
  }

  it("is not changed by a second up", async () => {
    assert.deepEqual(await changedBy(() => workspace.up()), []);
  });

  it("has nothing to deploy then, and does not ask Pulumi's engine", async () => {
    const ended = await workspace.up();
    assert.match(ended.output, /nothing to deploy: all is as the last deployment of the stack dev has left it\n/);
    assert.doesNotMatch(ended.output, /deploying the stack/);
  });

  it("has no planned difference, as long as nothing is changed", async () => {
    assert.deepEqual(await workspace.plannedChanges(), []);
  });

  it("gives plain pulumi nothing to do, and leaves the work tree as plain pulumi does", async () => {
    const preview = await workspace.pulumi("preview", "--expect-no-changes", "--stack", "dev");
    assert.equal(preview.code, 0, preview.output);
    await succeed("git", ["checkout", "--", "Pulumi.dev.yaml"], { cwd: workspace.folder });
  });

  it("is not changed by an up after a refresh", async () => {
    const changed = await changedBy(async () => {
      const refreshed = await workspace.pulumi("refresh", "--yes", "--stack", "dev");
      assert.equal(refreshed.code, 0, refreshed.output);
      const up = await workspace.pulumi("up", "--yes", "--stack", "dev");
      assert.equal(up.code, 0, up.output);
    });
    assert.deepEqual(changed, []);
    await succeed("git", ["checkout", "--", "Pulumi.dev.yaml"], { cwd: workspace.folder });
  });

  it("replaces one container when the environment of one service changes", async () => {
    await workspace.configure((config) => {
      config["services"] = { "k8s-worker": { replicas: 2 }, "pod-monitor": { env: { LOG_LEVEL: "debug" } } };
    });
    assert.deepEqual(await changedBy(() => workspace.up()), ["pod-monitor"]);
  });

  it("replaces Loki, VictoriaMetrics and Jaeger and nothing else when the retention changes", async () => {
    await workspace.configure((config) => {
      config["retentionHours"] = 24;
      config["loki"] = { compactionIntervalSeconds: 10, retentionDeleteDelaySeconds: 5 };
    });
    // What waits for Loki waits for the new one.
    const expected = ["jaeger", "loki", "loki-ready", "victoria-metrics"];
    assert.deepEqual((await changedBy(() => workspace.up())).sort(), expected);
  });

  it("updates a dashboard that is changed in code in place, takes one away that is gone, and leaves what is made by hand", async () => {
    const check = await changeDashboards(workspace, await workspace.grafana());
    assert.deepEqual(await changedBy(() => workspace.up()), ["grafana"]);
    await check(await workspace.grafana());
  });

  it("brings back a container that was stopped and one that was removed by hand", async () => {
    await workspace.configure((config) => {
      const services = { [favouredService]: { keepPercent: 100 } };
      const tailSampling = { keepPercent: 0, slowerThanMillis: 500, decisionWaitSeconds: 5, services };
      config["otelCollector"] = { tailSampling };
    });
    await succeed("docker", ["stop", `${workspace.name}-result-processor`]);
    await succeed("docker", ["rm", "--force", `${workspace.name}-event-replay`]);
    await workspace.up();
    const running = await succeed("docker", ["ps", "--format", "{{.Names}}", "--filter", `name=${workspace.name}-`]);
    assert.ok(running.includes(`${workspace.name}-result-processor`));
    assert.ok(running.includes(`${workspace.name}-event-replay`));
  });

  it("stores traces with an error, slow ones and those that are asked for, and counts the spans of all, if it is set so", async () => {
    // That up has ended verified: the proof's own trace, through the example's services, was kept.
    const { urls } = await workspace.outputs();
    const grafana = await workspace.grafana();
    const ids = await sendTraces(urls.otlpHttp ?? "");
    const all = tracesOfKind;
    const expected = {
      stored: { good: 0, failed: all, slow: all, asked: all, favoured: all },
      counted: all * Object.keys(traceKinds).length,
    };
    const counting = `sum(traces_span_metrics_calls_total{service_name=~"${sampledService}|${favouredService}"})`;
    await eventually(expected, async () => ({
      stored: await storedTraces(grafana, ids),
      counted: await grafana.metric(datasourceUid(parts.victoriaMetrics), counting),
    }));
    const outputs = await workspace.outputs();
    await eventually([], async () => {
      const empty = await emptyPanels(outputs, { dashboards: [dashboardUids.pipeline] });
      return empty.filter((panel) => /: Traces (kept and not kept|that wait)/.test(panel));
    });
  });

  it("runs the services alone without observability, with no endpoint and their logs on stdout (S2, S6, S24)", async () => {
    await workspace.configure((config) => {
      config["observability"] = false;
      delete config["otelCollector"];
    });
    const up = await workspace.up();
    assert.match(up.stdout, /every container is up +passed/);
    assert.deepEqual(
      [...(await workspace.containerIds()).keys()].map((name) => name.slice(workspace.name.length + 1)).sort(),
      [...exampleServiceNames, "k8s-worker-2", "load-generator"].sort(),
    );
    const backend = `${workspace.name}-backend`;
    assert.doesNotMatch(await succeed("docker", ["inspect", backend]), /OTEL_/);
    assert.match(await succeed("docker", ["logs", backend]), /"message":"execution accepted"/);
    await workspace.configure((config) => {
      delete config["observability"];
    });
    await workspace.up();
  });

  it("refuses a plain pulumi destroy instead of deleting data", async () => {
    const destroyed = await workspace.pulumi("destroy", "--yes", "--stack", "dev");
    assert.notEqual(destroyed.code, 0);
    assert.match(destroyed.output, /protected/);
    await succeed("docker", ["volume", "inspect", `${workspace.name}_loki_data`]);
    await succeed("git", ["checkout", "--", "Pulumi.dev.yaml"], { cwd: workspace.folder });
  });
});

describe("down and up again", () => {
  let workspace: Workspace;
  let passwordBefore: string;
  let metricBefore: PointInTime;

  before(async () => {
    workspace = await sharedWorkspace();
    const outputs = await workspace.outputs();
    passwordBefore = outputs.grafanaPassword;
    metricBefore = { seconds: Math.floor(Date.now() / 1000) - 30, value: undefined };
    metricBefore = { ...metricBefore, value: await requestsAt(outputs, metricBefore.seconds) };
    assert.notEqual(metricBefore.value, undefined);
    const down = await workspace.npm("run", "down");
    assert.equal(down.code, 0, down.output);
  });

  it("stops every container and keeps the volumes", async () => {
    assert.deepEqual([...(await workspace.containerIds())], []);
    const volumes = await succeed("docker", ["volume", "ls", "--quiet", "--filter", `name=^${workspace.name}_`]);
    assert.deepEqual(volumes.trim().split("\n").sort(), [
      `${workspace.name}_grafana_data`,
      `${workspace.name}_jaeger_data`,
      `${workspace.name}_loki_data`,
      `${workspace.name}_otel_collector_queue`,
      `${workspace.name}_victoria_metrics_data`,
    ]);
  });

  it("says that nothing is running when asked to verify, with the next command", async () => {
    const verified = await workspace.npm("run", "verify");
    assert.equal(verified.code, 1);
    assert.match(verified.output, /the stack is not running\n {2}next: npm run up/);
  });

  it("finds logs, traces and metrics from before, and the same login works", async () => {
    await workspace.up();
    const outputs = await workspace.outputs();
    assert.equal(outputs.grafanaPassword, passwordBefore);
    const login = await fetch(`${outputs.urls.grafana ?? ""}/api/user`, {
      headers: { authorization: `Basic ${Buffer.from(`admin:${passwordBefore}`).toString("base64")}` },
    });
    assert.equal(login.status, 200);
    const grafana = await workspace.grafana();
    await eventuallyLogs(grafana, `{service_namespace="integr8scode"} | trace_id="${sampleTrace}"`);
    assert.ok((await grafana.trace(datasourceUid(parts.jaeger), sampleTrace)) !== undefined, "the trace is gone");
    assert.equal(await requestsAt(outputs, metricBefore.seconds), metricBefore.value);
  });

  it("leaves no container behind that failed: the volumes that hold data already are handed to nobody again", async () => {
    const ids = [...(await workspace.containerIds()).values()];
    const ended = await succeed("docker", ["inspect", "--format", "{{.Name}} {{.State.ExitCode}}", ...ids]);
    assert.deepEqual(
      ended
        .trim()
        .split("\n")
        .filter((line) => !line.endsWith(" 0")),
      [],
    );
  });

  it("verifies at any time", async () => {
    const verified = await workspace.npm("run", "verify");
    assert.equal(verified.code, 0, verified.output);
  });

  it("refuses to destroy data without a terminal and without --yes", async () => {
    const refused = await run("npm", ["run", "down", "--", "--destroy-data"], {
      cwd: workspace.folder,
      env: workspace.env,
    });
    assert.equal(refused.code, 1);
    assert.match(refused.output, /--destroy-data: must be confirmed/);
    await succeed("docker", ["inspect", `${workspace.name}-loki`]);
  });
});

interface PointInTime {
  readonly seconds: number;
  readonly value: string | undefined;
}

/** How many requests all services had answered at a point in time, as VictoriaMetrics has it now. */
async function requestsAt(outputs: StackOutputs, seconds: number): Promise<string | undefined> {
  const parameters = new URLSearchParams({
    query: "sum(http_server_request_duration_seconds_count)",
    time: String(seconds),
  });
  const answer = await fetch(`${outputs.urls.victoriaMetrics ?? ""}/api/v1/query?${parameters.toString()}`);
  const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
  return data.result[0]?.value[1];
}
