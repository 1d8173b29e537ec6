const { startTelemetry } = require("@observability/telemetry");

const telemetry = startTelemetry();
const express = require("express");
const Redis = require("ioredis");
const { Pool } = require("pg");

const pool = new Pool({ connectionString: process.env.DATABASE_URL });
const redis = new Redis(process.env.REDIS_URL);
const app = express();

app.get("/orders/:id", async (request, response) => {
  await redis.set(`order:${request.params.id}`, "seen");
  const { rows } = await pool.query("SELECT $1::text AS id", [request.params.id]);
  telemetry.logger.info({ order_id: rows[0].id, password: "hunter2" }, "order read");
  response.json(rows[0]);
});
app.get("/broken", async () => {
  await pool.query("SELECT * FROM no_such_table WHERE password = 'hunter2'");
});

const server = app.listen(0, "127.0.0.1", () => {
  console.log(`listening on ${server.address().port}`);
});
telemetry.onShutdown(async () => {
  await new Promise((resolve) => server.close(resolve));
  await pool.end();
  redis.disconnect();
});
