// @ts-check
import { Canary, roundMillis } from "./canary.mjs";
import { repeat, say, variable } from "./process.mjs";

/*
 * The process of the canary, by its environment: COLLECTOR_URL, LOGS_URL, TRACES_URL, METRICS_URL, HEALTH_PORT.
 */

const canary = new Canary(
  {
    collector: variable("COLLECTOR_URL"),
    logs: variable("LOGS_URL"),
    traces: variable("TRACES_URL"),
    metrics: variable("METRICS_URL"),
  },
  say,
);

await repeat(
  () => canary.round(),
  roundMillis,
  () => canary.numbers(),
);
