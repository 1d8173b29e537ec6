import { noUserText } from "../expansion.ts";
import { flag, group } from "../fields.ts";
import { nodeScript } from "../node-script.ts";
import { nodeImage, part, type AnyPart, type Signal, type Target } from "./part.ts";
import { found, storeAmong, target, urlOf } from "./targets.ts";

const healthPort = 13133;
const folder = "/opt";
const scriptFolder = `${folder}/canary`;

/** Sends a log record, a span and a metric each minute, looks for them in the stores, and reports how old the newest is. */
export const canary = part({
  host: "canary",
  title: "the canary",
  image: nodeImage,
  runtime: "nodejs",
  memoryMib: { minimum: 48, default: 64 },
  data: "none",
  ports: {
    health: { port: healthPort, purpose: "`/`: what it reports, as JSON" },
  },
  configuredBy: "env",
  settings: group({ enabled: flag().default(true) })
    .prefault({})
    .describe(
      "`enabled: false` runs no canary: nothing sends a log record, a span and a metric each minute and looks for them in the stores.",
    ),
  // The user node of the image.
  user: { userId: 1000, groupId: 1000 },
  stopGraceSeconds: 10,
  // Each time would be a whole Node.js.
  readiness: { port: "health", httpPath: "/", selfCheck: "none", startPeriodSeconds: 10, gates: false },
  reads: { args: [noUserText], env: [noUserText], [scriptFolder]: [noUserText] },
  connectsTo: (all) => Object.values(targetsAmong(all)),
  runs: ({ enabled }) => enabled,
  process: ({ memoryMib, all }) => {
    const { collector, logs, traces, metrics } = targetsAmong(all);
    return {
      // Of the rest, most is Node.js itself.
      args: ["node", `--max-old-space-size=${Math.floor(memoryMib / 4)}`, `${scriptFolder}/main.mjs`],
      env: {
        COLLECTOR_URL: urlOf(collector),
        LOGS_URL: urlOf(logs),
        TRACES_URL: urlOf(traces),
        METRICS_URL: urlOf(metrics),
        HEALTH_PORT: `${healthPort}`,
      },
      configFiles: nodeScript(folder, "canary"),
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
