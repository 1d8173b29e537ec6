import { expect, test } from "vitest";
import { collectTelemetry } from "@observability/telemetry/testing";
import { acceptOrder } from "./orders.js";

test.each(["4711", "815"])("traces, counts and logs order %s, and sees nothing of another test", async (id) => {
  const telemetry = await collectTelemetry();
  acceptOrder(id);
  const span = telemetry.expectSpan({ name: "accept order", attributes: { "order.id": id } });
  const { traceId, fields } = telemetry.expectLog({ message: "order accepted", fields: { order_id: id } });
  expect([traceId, fields.password]).toEqual([span.traceId, "[REDACTED]"]);
  await telemetry.expectMetric({ name: "orders.accepted", value: 1 });
  expect(telemetry.spans()).toHaveLength(1);
});

test("shows what there is instead of what is expected", async () => {
  const telemetry = await collectTelemetry();
  acceptOrder("4711");
  expect(() => telemetry.expectSpan({ name: "refuse order" })).toThrow(/no span is .*refuse order.*\n.*accept order/);
});
