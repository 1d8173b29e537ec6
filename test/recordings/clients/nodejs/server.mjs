import express from "express";
import pino from "pino";

const logger = pino();
const app = express();

app.get("/orders/:id", async (request, response) => {
  const { id } = request.params;
  const answer = await fetch(`${process.env.NEXT_URL}/orders/${id}`);
  const log = answer.ok ? "info" : "error";
  logger[log]({ order_id: id, status: answer.status }, "order served");
  response.status(answer.status).json({ id });
});

app.listen(process.env.PORT, "127.0.0.1");
