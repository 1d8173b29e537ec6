import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import pWaitFor from "p-wait-for";
import { datasourceUid } from "../../config/parts/part.ts";
import { parts } from "../../config/parts/parts.ts";
import type { StackOutputs } from "../../cli/outputs.ts";
import type { GrafanaClient } from "../../cli/grafana-client.ts";
import { Emitter } from "./support/emitter.ts";
import { eventuallyLogs } from "./support/loki.ts";
import { succeed } from "./support/run.ts";
import { sharedWorkspace, type Workspace } from "./support/workspace.ts";

const outageMillis = 60_000;

describe("SIGTERM in the middle of a burst", () => {
  it("leaves no line behind: the last one that the service wrote is in Loki", async () => {
    const workspace = await sharedWorkspace();
    const { urls } = await workspace.outputs();
    const burst = Array.from({ length: 200 }, (_, index) =>
      fetch(`${urls.api ?? ""}/api/v1/executions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ script: `print(${index})`, simulate: "none" }),
      }).then(
        (answer) => answer.status,
        () => 0,
      ),
    );
    const container = `${workspace.name}-saga-orchestrator`;
    await succeed("docker", ["stop", "--time", "30", container]);
    await Promise.all(burst);
    const written = (await succeed("docker", ["logs", "--tail", "1", container])).trim();
    assert.match(written, /^\{.*\}$/);
    const { timestamp } = JSON.parse(written) as { timestamp: string };
    const found = await eventuallyLogs(
      await workspace.grafana(),
      `{service_name="integr8scode-saga-orchestrator"} |= \`${timestamp}\``,
    );
    assert.ok(
      found.some((log) => log.line === written),
      `${written} is not in Loki`,
    );
    await succeed("docker", ["start", container]);
  });
});

describe("a Collector that is away for 60 s", () => {
  let workspace: Workspace;
  let grafana: GrafanaClient;
  let outputs: StackOutputs;
  let grpc: Emitter;
  let http: Emitter;
  let stopped: Emitter;

  before(async function () {
    this.timeout(240_000);
    workspace = await sharedWorkspace();
    outputs = await workspace.outputs();
    grafana = await workspace.grafana();
    const pace = [20, 5, 90];
    [grpc, http, stopped] = await Promise.all([
      Emitter.start(workspace, "outage-grpc", "grpc", pace),
      Emitter.start(workspace, "outage-http", "http/protobuf", pace),
      Emitter.start(workspace, "outage-stopped", "grpc", pace),
    ]);
    await sleep(10_000);
    await succeed("docker", ["stop", `${workspace.name}-otel-collector`]);
    await sleep(outageMillis / 2);
    await stopped.stop();
    await sleep(outageMillis / 2);
    await succeed("docker", ["start", `${workspace.name}-otel-collector`]);
    assert.deepEqual(await Promise.all([grpc.ended(), http.ended()]), [0, 0]);
  });

  for (const protocol of ["grpc", "http/protobuf"] as const) {
    it(`costs no line and no span over ${protocol}`, async () => {
      const emitter = protocol === "grpc" ? grpc : http;
      const lines = await emitter.written();
      assert.deepEqual(lines, upTo(20 * 90));
      await pWaitFor(async () => (await emitter.storedLogs(grafana)).length === lines.length, waiting).catch(
        () => undefined,
      );
      assert.deepEqual(await emitter.storedLogs(grafana), lines);
      assert.deepEqual(await emitter.storedSpans(outputs), upTo(5 * 90));
    });
  }

  it("costs a service that is stopped meanwhile no more than it says", async () => {
    const lines = await stopped.written();
    const reported = /(\d+) of \d+ log records were not delivered/.exec(await stopped.printed());
    assert.ok(reported !== null, `it does not say what it lost: ${(await stopped.printed()).slice(-500)}`);
    const most = Number(reported[1]);
    const lost = async (): Promise<number> => lines.length - (await stopped.storedLogs(grafana)).length;
    // What the Collector took before it was away may still be on its way.
    await pWaitFor(async () => (await lost()) <= most, waiting).catch(() => undefined);
    const found = await lost();
    assert.ok(found <= most, `${found} lost, ${most} reported`);
  });
});

describe("a Loki that is away", () => {
  it("is seen by the age of the canary's logs alone, which falls when Loki is back; what comes late is not lost", async function () {
    this.timeout(600_000);
    const workspace = await sharedWorkspace();
    const grafana = await workspace.grafana();
    const metrics = datasourceUid(parts.victoriaMetrics);
    const number = async (name: string, signal: string): Promise<number> =>
      (await grafana.metric(metrics, `${name}{service_name="canary",signal="${signal}"}`)) ?? NaN;
    const lostBefore = await number("canary_lost_total", "logs");
    const patience = { interval: 2000, timeout: 240_000 };
    // The Collector was away before, so all of them are old.
    for (const signal of ["logs", "traces", "metrics"]) {
      await pWaitFor(async () => (await number("canary_age_seconds", signal)) < 80, patience);
    }
    await succeed("docker", ["stop", `${workspace.name}-loki`]);
    try {
      // A beat comes every 60 s, is looked for every 15 s, and what was found is told with the next look.
      await pWaitFor(async () => (await number("canary_age_seconds", "logs")) > 120, patience);
      const traces = await number("canary_age_seconds", "traces");
      assert.ok(traces < 110, `the traces are ${traces} s old as well`);
    } finally {
      await succeed("docker", ["start", `${workspace.name}-loki`]);
    }
    await pWaitFor(async () => (await number("canary_age_seconds", "logs")) < 80, patience);
    assert.equal(await number("canary_lost_total", "logs"), lostBefore);
  });
});

const waiting = { interval: 1000, timeout: 60_000 };

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
