import { startTelemetry } from "@observability/telemetry";
import Fastify from "fastify";

const telemetry = startTelemetry();
const app = Fastify({ loggerInstance: telemetry.logger });
app.get("/orders/:id", async (request) => {
  request.log.info({ order_id: request.params.id, password: "hunter2" }, "order read");
  return { id: request.params.id };
});
app.get("/broken", async () => {
  throw new Error("out of luck");
});
await app.listen({ port: 0, host: "127.0.0.1" });
console.log(`listening on ${app.server.address().port}`);
telemetry.onShutdown(() => app.close());
