// Writes one line in a span.
import { trace } from "@opentelemetry/api";
import { pino } from "pino";

const logger = pino().child({ order_id: "4711" });
trace.getTracer("orders").startActiveSpan("order", (span) => {
  logger.warn({ password: "hunter2" }, "nearly %s", "sold out");
  span.end();
});
