// A module that traces, counts and logs what it does.
import { metrics, trace } from "@opentelemetry/api";
import { startTelemetry } from "@observability/telemetry";

const { logger } = startTelemetry();
const tracer = trace.getTracer("orders");
const accepted = metrics.getMeter("orders").createCounter("orders.accepted");

export function acceptOrder(id) {
  tracer.startActiveSpan("accept order", { attributes: { "order.id": id } }, (span) => {
    accepted.add(1);
    logger.info({ order_id: id, password: "hunter2" }, "order accepted");
    span.end();
  });
}
