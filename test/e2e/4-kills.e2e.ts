import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import pWaitFor from "p-wait-for";
import { parts, type PartName } from "../../config/parts/parts.ts";
import type { StackOutputs } from "../../cli/outputs.ts";
import { eventuallyStored, storedNumbers, trickle } from "./support/numbered-telemetry.ts";
import { succeed } from "./support/run.ts";
import { sharedWorkspace, type Workspace } from "./support/workspace.ts";

/** What a kill of VictoriaMetrics may cost, in milliseconds before it (docs/guarantees.md). */
const lostMillis = 9000;

/** How long a part is away, in milliseconds, and how long it works until the next fault. */
const [awayMillis, betweenMillis] = [3000, 2000];

describe("with ten lines, spans and points a second", function () {
  this.timeout(240_000);
  let workspace: Workspace;
  let outputs: StackOutputs;

  before(async () => {
    workspace = await sharedWorkspace();
    outputs = await workspace.outputs();
  });

  async function docker(command: "kill" | "start" | "stop", ...wanted: readonly PartName[]): Promise<void> {
    await succeed("docker", [command, ...wanted.map((name) => `${workspace.name}-${parts[name].host}`)]);
  }

  const kills: Readonly<Record<string, readonly PartName[]>> = {
    "a killed Loki": ["loki"],
    "a killed Jaeger": ["jaeger"],
    "a killed Collector": ["otelCollector"],
    "all three killed at once": ["loki", "jaeger", "otelCollector"],
  };

  for (const [index, [what, killed]] of Object.entries(kills).entries()) {
    it(`${what} costs nothing that was acknowledged, and doubles nothing`, async () => {
      const service = `kill-${index}`;
      const stop = trickle(outputs, service);
      await sleep(betweenMillis);
      await docker("kill", ...killed);
      await sleep(awayMillis);
      await docker("start", ...killed);
      await sleep(betweenMillis);
      const sent = await stop();
      assert.deepEqual(await eventuallyStored(outputs, service, sent), { lines: sent, spans: sent, points: sent });
    });
  }

  it("a Collector that is killed with a backlog for every store costs nothing, and doubles nothing", async () => {
    const service = "kill-backlog";
    const stores = ["loki", "jaeger", "victoriaMetrics"] as const;
    await docker("stop", ...stores);
    const stop = trickle(outputs, service);
    await sleep(awayMillis);
    await docker("kill", "otelCollector");
    await docker("start", "otelCollector", ...stores);
    await sleep(betweenMillis);
    const sent = await stop();
    assert.deepEqual(await eventuallyStored(outputs, service, sent), { lines: sent, spans: sent, points: sent });
  });

  it(`a killed VictoriaMetrics costs the points of the last ${lostMillis / 1000} s at most, and nothing else`, async () => {
    const service = "kill-metrics";
    const sentMillis: number[] = [];
    const stop = trickle(outputs, service, {
      onSent: (value) => {
        sentMillis[value] = Date.now();
      },
    });
    await sleep(2 * lostMillis);
    await docker("kill", "victoriaMetrics");
    const killedMillis = Date.now();
    await sleep(awayMillis);
    await docker("start", "victoriaMetrics");
    await sleep(betweenMillis);
    const sent = await stop();
    const { lines, spans } = await eventuallyStored(outputs, service, sent, ["lines", "spans"]);
    assert.deepEqual({ lines, spans }, { lines: sent, spans: sent });
    // What was sent after the kill has all come once the last one has.
    const storedPoints = async (): Promise<readonly number[]> => (await storedNumbers(outputs, service)).points;
    const isLastThere = async (): Promise<boolean> => (await storedPoints()).at(-1) === sent;
    await pWaitFor(isLastThere, { interval: 500, timeout: 30_000 });
    const found = new Set(await storedPoints());
    const lost = Array.from({ length: sent }, (_, index) => index + 1).filter((value) => !found.has(value));
    const ages = lost.map((value) => killedMillis - (sentMillis[value] ?? Number.NaN));
    assert.deepEqual(
      ages.filter((age) => !(age >= 0 && age <= lostMillis)),
      [],
      `of ${sent} points ${lost.length} are lost`,
    );
  });
});
