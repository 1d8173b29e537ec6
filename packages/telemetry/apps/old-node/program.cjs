// Asks a server of its own once.
const { createServer, get } = require("node:http");

const server = createServer((_request, response) => response.end("ok")).listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  get({ host: "127.0.0.1", port, path: `/${process.env.OTEL_SERVICE_NAME}` }, (response) => {
    response.resume().on("end", () => {
      console.log("asked");
      server.close().closeAllConnections();
    });
  });
});
