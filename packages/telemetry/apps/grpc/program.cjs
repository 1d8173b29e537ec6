/** Has a gRPC service of its own and calls it once, with the very package that the telemetry has loaded for itself. */
const { Server, ServerCredentials, credentials, makeGenericClientConstructor } = require("@grpc/grpc-js");

const asItIs = (bytes) => bytes;
const definition = {
  Greet: {
    path: "/shop.Greeter/Greet",
    requestStream: false,
    responseStream: false,
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  },
};
const server = new Server();
server.addService(definition, {
  Greet: (_call, callback) => {
    callback(null, Buffer.from("hello"));
  },
});
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (bindError, port) => {
  if (bindError) throw bindError;
  const Greeter = makeGenericClientConstructor(definition, "Greeter");
  const client = new Greeter(`127.0.0.1:${port}`, credentials.createInsecure());
  client.Greet(Buffer.from("me"), (error) => {
    client.close();
    server.forceShutdown();
    if (error) throw error;
  });
});
