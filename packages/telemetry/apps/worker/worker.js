import { request } from "node:https";
import { trace } from "@opentelemetry/api";
import { startTelemetry } from "@observability/telemetry";

const { logger } = startTelemetry();
const { DEPOT_URL, DEPOT_CERTIFICATE } = process.env;
trace.getTracer("worker").startActiveSpan("restock", (span) => {
  request(DEPOT_URL, { ca: DEPOT_CERTIFICATE }, (response) => {
    response.resume().on("end", () => {
      logger.info({ order_id: "4711", status: response.statusCode, password: "hunter2" }, "order read");
      span.end();
    });
  }).end();
});
