import express from "express";

const app = express();
app.get("/orders/:id", (request, response) => {
  console.log(JSON.stringify({ message: "order read", password: "hunter2" }));
  response.json({ id: request.params.id });
});
const server = app.listen(0, "127.0.0.1", () => {
  console.log(`listening on ${server.address().port}`);
});
process.on("SIGTERM", () => {
  server.close();
});
