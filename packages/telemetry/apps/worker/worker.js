import { request } from "node:https";
import { startTelemetry } from "@observability/telemetry";

const { logger } = startTelemetry();
const { DEPOT_URL, DEPOT_CERTIFICATE } = process.env;
request(DEPOT_URL, { ca: DEPOT_CERTIFICATE }, (response) => {
  response.resume().on("end", () => {
    logger.info({ status: response.statusCode, password: "hunter2" }, "order read");
  });
}).end();
