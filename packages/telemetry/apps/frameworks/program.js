// A server of each framework, asked once each.
import Hapi from "@hapi/hapi";
import Router from "@koa/router";
import express from "express";
import Fastify from "fastify";
import Koa from "koa";

const host = "127.0.0.1";
const router = new Router().get("/koa/:id", (context) => {
  context.body = "ok";
});
const koa = new Koa().use(router.routes()).listen(0, host);
const expressServer = express()
  .get("/express/:id", (_request, response) => response.send("ok"))
  .listen(0, host);
const hapi = Hapi.server({ host, port: 0 });
hapi.route({ method: "GET", path: "/hapi/{id}", handler: () => "ok" });
await hapi.start();
const fastify = Fastify().get("/fastify/:id", async () => "ok");
await fastify.listen({ host, port: 0 });

for (const [name, { port }] of Object.entries({
  koa: koa.address(),
  express: expressServer.address(),
  hapi: hapi.info,
  fastify: fastify.server.address(),
})) {
  await (await fetch(`http://${host}:${port}/${name}/4711`)).text();
}
// Connections that are kept open would keep the process.
process.kill(process.pid, "SIGTERM");
