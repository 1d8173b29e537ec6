// @ts-check
import { basename } from "node:path";
import { repeat, say, variable } from "../canary/process.mjs";
import { DiskGuard, lookMillis, patience } from "./guard.mjs";
import { fileAt, fileInConfigMap } from "./overrides.mjs";

/*
 * The process of the disk guard, by its environment: METRICS_URL, OVERRIDES_FILE, LIMIT_BYTES, RETENTION_HOURS,
 * HEALTH_PORT; and in a cluster OVERRIDES_CONFIG_MAP, which has the file.
 */

const file = variable("OVERRIDES_FILE");
const configMap = process.env["OVERRIDES_CONFIG_MAP"];

/** The API server, by a name that its certificate has. */
const apiServer = "https://kubernetes.default.svc";

const overrides =
  configMap === undefined ? fileAt(file) : fileInConfigMap(configMap, basename(file), apiServer, patience);

const guard = new DiskGuard(
  { metrics: variable("METRICS_URL"), overrides },
  { limitBytes: Number(variable("LIMIT_BYTES")), configuredHours: Number(variable("RETENTION_HOURS")) },
  say,
);

await repeat(
  () => guard.look(),
  lookMillis,
  () => guard.numbers,
);
