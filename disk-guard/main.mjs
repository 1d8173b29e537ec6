// @ts-check
import { createServer } from "node:http";
import { setTimeout } from "node:timers/promises";
import { basename } from "node:path";
import { DiskGuard, lookMillis, patience } from "./guard.mjs";
import { fileAt, fileInConfigMap } from "./overrides.mjs";

/*
 * The process of the disk guard, by its environment: METRICS_URL, OVERRIDES_FILE, LIMIT_BYTES, RETENTION_HOURS,
 * HEALTH_PORT; and in a cluster OVERRIDES_CONFIG_MAP, which has the file. It has nothing to save, so it ends at once when it is told to.
 */

/** @param {string} name */
function variable(name) {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name}: must be set, got none`);
  return value;
}

for (const signal of /** @type {const} */ (["SIGTERM", "SIGINT"])) process.once(signal, () => process.exit(0));

const file = variable("OVERRIDES_FILE");
const configMap = process.env["OVERRIDES_CONFIG_MAP"];

/** The API server, by a name that its certificate has. */
const apiServer = "https://kubernetes.default.svc";

const overrides =
  configMap === undefined ? fileAt(file) : fileInConfigMap(configMap, basename(file), apiServer, patience);

const guard = new DiskGuard(
  { metrics: variable("METRICS_URL"), overrides },
  { limitBytes: Number(variable("LIMIT_BYTES")), configuredHours: Number(variable("RETENTION_HOURS")) },
  (line) => process.stdout.write(`${new Date().toISOString()} ${line}\n`),
);

createServer((request, response) => {
  request.resume();
  response.setHeader("content-type", "application/json").end(JSON.stringify(guard.numbers));
}).listen(Number(variable("HEALTH_PORT")));

for (;;) {
  await guard.look();
  await setTimeout(lookMillis);
}
