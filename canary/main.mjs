// @ts-check
import { createServer } from "node:http";
import { setTimeout } from "node:timers/promises";
import { Canary, roundMillis } from "./canary.mjs";

/*
 * The process of the canary, by its environment: COLLECTOR_URL, LOGS_URL, TRACES_URL, METRICS_URL, HEALTH_PORT. It has nothing
 * to save, so it ends at once when it is told to.
 */

/** @param {string} name */
function variable(name) {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name}: must be set, got none`);
  return value;
}

for (const signal of /** @type {const} */ (["SIGTERM", "SIGINT"])) process.once(signal, () => process.exit(0));

const canary = new Canary(
  {
    collector: variable("COLLECTOR_URL"),
    logs: variable("LOGS_URL"),
    traces: variable("TRACES_URL"),
    metrics: variable("METRICS_URL"),
  },
  (line) => process.stdout.write(`${new Date().toISOString()} ${line}\n`),
);

createServer((request, response) => {
  request.resume();
  response.setHeader("content-type", "application/json").end(JSON.stringify(canary.numbers()));
}).listen(Number(variable("HEALTH_PORT")));

for (;;) {
  await canary.round();
  await setTimeout(roundMillis);
}
