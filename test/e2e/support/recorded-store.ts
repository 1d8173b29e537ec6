import pWaitFor from "p-wait-for";
import type { GrafanaClient } from "../../../cli/grafana-client.ts";
import type { StackOutputs } from "../../../cli/outputs.ts";
import { parts } from "../../../config/parts/parts.ts";
import { testedImages } from "./images.ts";
import type { RecordedSeries } from "./rule-cases.ts";
import { succeed } from "./run.ts";
import type { Workspace } from "./workspace.ts";

const minuteMillis = 60_000;

/** From the end of one recording to that of the next: more than any of them is long. */
const apartMillis = 4 * 24 * 60 * minuteMillis;

/**
 * A store of metrics beside the stack's own, for recordings of the past, which the stack's Grafana can ask. The stack's own
 * store has none of them, so that no panel and no alert shows what has never happened.
 */
export class RecordedStore {
  /** Uid of the data source in Grafana. */
  static readonly uid = "recorded";

  private readonly container: string;
  private readonly outputs: StackOutputs;
  private readonly url: string;
  private hasEnded = false;
  /** When the last recording ended. Far from everything that Grafana asks of itself. */
  private endMillis = Date.UTC(2020, 0, 1);

  private constructor(container: string, url: string, outputs: StackOutputs) {
    this.container = container;
    this.url = url;
    this.outputs = outputs;
  }

  /** Starts it in the stack's network, and tells Grafana of it. */
  static async start(workspace: Workspace, grafana: GrafanaClient): Promise<RecordedStore> {
    const container = `${workspace.name}-recorded`;
    const { port } = parts.victoriaMetrics.ports.http;
    await succeed("docker", [
      ...["run", "--detach", "--rm", "--name", container, "--network", workspace.name, "--memory", "128m"],
      ...["--publish", `127.0.0.1::${port}`, testedImages.victoriaMetrics, "-retentionPeriod=100y"],
    ]);
    const address = (await succeed("docker", ["port", container, `${port}/tcp`])).trim();
    const store = new RecordedStore(container, `http://${address}`, await workspace.outputs());
    const datasource = { name: "Recorded", uid: RecordedStore.uid, type: "prometheus", access: "proxy" };
    await grafana.post("/api/datasources", { ...datasource, url: `http://${container}:${port}` });
    await pWaitFor(() => store.answers(), { interval: 200, timeout: 30_000 });
    return store;
  }

  /**
   * Writes series with a point each minute. No other recording reaches into their time.
   *
   * @param minutes how far back they go
   * @returns the moment of their last points, in milliseconds since 1970; they can be found a second later
   */
  async record(series: readonly RecordedSeries[], minutes: number): Promise<number> {
    this.endMillis += apartMillis;
    const lines = series.map(({ metric, labels, value }) => {
      const values: number[] = [];
      const timestamps: number[] = [];
      for (let before = minutes; before >= 0; before -= 1) {
        const point = value(before);
        if (point === undefined) continue;
        values.push(point);
        timestamps.push(this.endMillis - before * minuteMillis);
      }
      return JSON.stringify({ metric: { __name__: metric, ...labels }, values, timestamps });
    });
    const answer = await fetch(`${this.url}/api/v1/import`, { method: "POST", body: lines.join("\n") });
    if (!answer.ok) throw new Error(`${this.url}/api/v1/import answered ${answer.status}: ${await answer.text()}`);
    return this.endMillis;
  }

  /** Has everything that was written found from now on. */
  async flush(): Promise<void> {
    const answer = await fetch(`${this.url}/internal/force_flush`);
    if (!answer.ok) throw new Error(`${this.url}/internal/force_flush answered ${answer.status}`);
  }

  /** Takes the container away, if that is not done yet. Grafana's data source leads nowhere from then on. */
  async end(): Promise<void> {
    if (this.hasEnded) return;
    this.hasEnded = true;
    await succeed("docker", ["stop", "--time", "0", this.container]);
  }

  /** Takes the data source away as well. */
  async remove(): Promise<void> {
    await this.end();
    const { urls, grafanaUser, grafanaPassword } = this.outputs;
    const authorization = `Basic ${Buffer.from(`${grafanaUser}:${grafanaPassword}`).toString("base64")}`;
    const path = `${urls.grafana ?? ""}/api/datasources/uid/${RecordedStore.uid}`;
    const { status } = await fetch(path, { method: "DELETE", headers: { authorization } });
    if (status !== 200) throw new Error(`${path} answered ${status}`);
  }

  private async answers(): Promise<boolean> {
    return fetch(`${this.url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  }
}
