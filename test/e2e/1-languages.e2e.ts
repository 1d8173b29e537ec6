import assert from "node:assert/strict";
import pWaitFor from "p-wait-for";
import type { StackOutputs } from "../../cli/outputs.ts";
import { dashboardUids } from "../../config/names.ts";
import { parts } from "../../config/parts/parts.ts";
import { datasourceUid } from "../../config/parts/part.ts";
import { derivedMetrics } from "../../config/collector/derived-metrics.ts";
import type { GrafanaClient } from "../../cli/grafana-client.ts";
import { documentedMetrics } from "../recordings/arriving-metrics.ts";
import { replayRecordings } from "../recordings/replay.ts";
import { recordedNamespace, recordedServices, type RecordedService } from "../recordings/services.ts";
import { eventuallyLogs } from "./support/loki.ts";
import { emptyPanels } from "./support/panels.ts";
import { sharedWorkspace } from "./support/workspace.ts";

/** Dashboards that show one service. */
const ofServices = /^services?: /;
/** Panels and columns of what none of the recorded services does, or only packages/telemetry says. */
const ofOthers = /: (?:Services [A-Z]|Delivered|Lost|Failed messages|Messages|Message latency p95)\b/;
/** Panels of what an SDK does not say, by its language. */
const notSaid: Readonly<Record<RecordedService["language"], RegExp>> = {
  nodejs: /^$/,
  python: /: (?:Event loop|Heap used|Held up)/,
  java: /: (?:Event loop|Heap used)/,
  go: /: (?:Event loop|Heap used|Held up|How busy)/,
};
/** What the first of them, which nobody asks, and the last one, which asks nobody, have nothing to say about. */
const neighbours = /: (?:Who asks this service|Whom this service asks)/;

/** Names that the Collector makes itself, and not an SDK. */
const derived = new RegExp(`^(?:${Object.values(derivedMetrics).join("|")})`);

// Recorded of the SDKs of four languages, which had only the environment that the stack gives (test/recordings).
describe("services of four languages", () => {
  let outputs: StackOutputs;
  let grafana: GrafanaClient;
  let stop: () => Promise<void>;
  const names = recordedServices.map(({ name }) => name);

  before(async () => {
    const workspace = await sharedWorkspace();
    outputs = await workspace.outputs();
    grafana = await workspace.grafana();
    stop = await replayRecordings(outputs.urls.otlpHttp ?? "");
  });
  after(async () => {
    await stop();
  });

  /** The value of each series of a query by a label, as soon as there is one for every one of `wanted`. */
  async function byLabel(
    query: string,
    label: string,
    wanted: readonly string[],
  ): Promise<ReadonlyMap<string, number>> {
    let found = new Map<string, number>();
    await pWaitFor(
      async () => {
        const series = await grafana.series(datasourceUid(parts.victoriaMetrics), query);
        found = new Map(series.map(({ labels, value }) => [labels[label] ?? "", value]));
        return wanted.every((one) => found.has(one));
      },
      { interval: 1000, timeout: 60_000 },
    ).catch(() => undefined);
    assert.deepEqual([...found.keys()].toSorted(), wanted.toSorted(), query);
    return found;
  }

  it("are offered by the pickers", async () => {
    await byLabel(`group by (service_name) ({service_namespace="${recordedNamespace}"})`, "service_name", names);
  });

  it("have requests, and failed ones, in metrics of their own under the current names", async () => {
    const count = `http_server_request_duration_seconds_count{service_namespace="${recordedNamespace}"`;
    const rate = (filter: string): string => `sum by (service_name) (rate(${count}${filter}}[2m])) > 0`;
    await byLabel(rate(""), "service_name", names);
    await byLabel(rate(',http_response_status_code=~"5.."'), "service_name", names);
  });

  for (const { name, language } of recordedServices) {
    it(`${name} has the metrics that docs/languages/README.md names, and no other`, async () => {
      const found = new Set<string>();
      await pWaitFor(
        async () => {
          const all = await grafana.series(
            datasourceUid(parts.victoriaMetrics),
            `group by (__name__) ({service_name="${name}"})`,
          );
          for (const { labels } of all) found.add(labels["__name__"] ?? "");
          return documentedMetrics(language).every((metric) => found.has(metric));
        },
        { interval: 1000, timeout: 60_000 },
      ).catch(() => undefined);
      const own = [...found].filter((metric) => !derived.test(metric)).toSorted();
      assert.deepEqual(own, documentedMetrics(language).toSorted());
    });

    it(`${name} fills every panel of its dashboards that it has something for`, async () => {
      let empty: readonly string[] = [];
      const isRight = (panel: string): boolean =>
        !ofServices.test(panel) || [ofOthers, notSaid[language], neighbours].some((right) => right.test(panel));
      await pWaitFor(
        async () => {
          empty = await emptyPanels(outputs, {
            dashboards: [dashboardUids.services, dashboardUids.service],
            picked: { namespace: recordedNamespace, service: name },
          });
          return empty.every(isRight);
        },
        { interval: 2000, timeout: 90_000 },
      ).catch(() => undefined);
      assert.deepEqual(
        empty.filter((panel) => !isRight(panel)),
        [],
      );
    });

    it(`${name} has lines with their level and their trace, which opens`, async () => {
      const lines = `{service_name="${name}"}`;
      await eventuallyLogs(grafana, `${lines} | detected_level="info"`);
      const [line] = await eventuallyLogs(grafana, `${lines} | detected_level="error" | trace_id!=""`);
      const trace = await grafana.trace(datasourceUid(parts.jaeger), line?.labels["trace_id"] ?? "");
      assert.deepEqual(trace?.serviceNames.toSorted(), names.toSorted());
    });
  }

  it("are in the graph as they ask one another", async () => {
    const edges = names.slice(1).map((server, index) => `${names[index] ?? ""} ${server}`);
    await byLabel(
      `label_join(sum by (client, server) (${derivedMetrics.graphRequests}{client=~"${names.join("|")}",server=~"${names.join("|")}"}), "edge", " ", "client", "server")`,
      "edge",
      edges,
    );
  });
});
