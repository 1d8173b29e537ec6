/** A small service with one log line for each request, of which `npm run bench:telemetry` measures what telemetry costs. */
const { createServer } = require("node:http");
const express = require("express");
const pino = require("pino");

const logger = pino();
const app = express();
app.get("/orders/:id", (request, response) => {
  logger.info({ order_id: request.params.id }, "order asked for");
  response.json({ id: request.params.id, items: 3, total: "42.00" });
});
const server = createServer(app).listen(0, "127.0.0.1", () => {
  process.send({ port: server.address().port });
});
// How much processor time it has taken so far, in microseconds.
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpuMicros: user + system, memoryBytes: process.memoryUsage.rss() });
});
