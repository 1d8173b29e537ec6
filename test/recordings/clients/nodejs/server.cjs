const express = require("express");
const winston = require("winston");

const logger = winston.createLogger({ transports: [new winston.transports.Console()] });
const app = express();

app.get("/orders/:id", async (request, response) => {
  const { id } = request.params;
  logger.info("order asked for", { order_id: id });
  const answer = await fetch(`${process.env.NEXT_URL}/orders/${id}`);
  if (!answer.ok) {
    logger.error("order not read", { order_id: id, status: answer.status });
    throw new Error(`the store answered ${answer.status}`);
  }
  response.json(await answer.json());
});

app.listen(process.env.PORT, "127.0.0.1");
