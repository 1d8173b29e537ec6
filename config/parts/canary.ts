import { noUserText } from "../expansion.ts";
import { flag, group } from "../fields.ts";
import { part, type AnyPart, type Signal, type Target } from "./part.ts";
import { scriptFolder, scriptPart, scriptProcess } from "./script-part.ts";
import { found, storeAmong, target, urlOf } from "./targets.ts";

const healthPort = 13133;

/** Sends a log record, a span and a metric each minute, looks for them in the stores, and reports how old the newest is. */
export const canary = part({
  ...scriptPart,
  host: "canary",
  title: "the canary",
  ports: {
    health: { port: healthPort, purpose: "`/`: what it reports, as JSON" },
  },
  settings: group({ enabled: flag().default(true) })
    .prefault({})
    .describe(
      "`enabled: false` runs no canary: nothing sends a log record, a span and a metric each minute and looks for them in the stores.",
    ),
  reads: { args: [noUserText], env: [noUserText], [`${scriptFolder}/canary`]: [noUserText] },
  connectsTo: (all) => Object.values(targetsAmong(all)),
  runs: ({ enabled }) => enabled,
  process: ({ memoryMib, all }) => {
    const { collector, logs, traces, metrics } = targetsAmong(all);
    return {
      ...scriptProcess("canary", memoryMib),
      env: {
        COLLECTOR_URL: urlOf(collector),
        LOGS_URL: urlOf(logs),
        TRACES_URL: urlOf(traces),
        METRICS_URL: urlOf(metrics),
        HEALTH_PORT: `${healthPort}`,
      },
    };
  },
});

/** Types of Grafana's data sources whose stores the script can ask (canary/stores.mjs). */
const asked: Readonly<Record<Signal, string>> = { logs: "loki", traces: "jaeger", metrics: "prometheus" };

/** Where the canary sends to, and where it looks. */
function targetsAmong(all: readonly AnyPart[]): Readonly<Record<Signal | "collector", Target>> {
  const storeOf = (signal: Signal): Target => storeAmong(all, signal, asked[signal], "canary");
  return {
    collector: found(
      all.flatMap((each) => (each.ports["otlp-http"]?.isForServices === true ? [target(each, "otlp-http")] : [])),
      "canary: must have a part that takes OTLP over HTTP",
    ),
    logs: storeOf("logs"),
    traces: storeOf("traces"),
    metrics: storeOf("metrics"),
  };
}
