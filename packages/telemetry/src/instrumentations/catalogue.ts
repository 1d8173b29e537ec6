import type { Instrumentation } from "@opentelemetry/instrumentation";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { RuntimeNodeInstrumentation } from "@opentelemetry/instrumentation-runtime-node";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import { FastifyInstrumentation } from "./fastify.ts";

/** Requests for these paths are asked by the platform every few seconds and say nothing about users. */
const healthPaths: ReadonlySet<string> = new Set(["/healthz", "/livez", "/readyz"]);

/** The instrumentations that are there from the start: what they watch needs no import, or is loaded anyway. */
export const fromTheStart: Readonly<Record<string, () => Instrumentation>> = {
  http: () =>
    new HttpInstrumentation({
      ignoreIncomingRequestHook: ({ url = "/" }) => healthPaths.has(url.split("?", 1)[0] ?? url),
    }),
  undici: () => new UndiciInstrumentation(),
  "runtime-node": () => new RuntimeNodeInstrumentation(),
  fastify: () => new FastifyInstrumentation(),
};

/** An instrumentation of a library, by the package that has it. */
export interface CatalogueEntry {
  /** What `OTEL_NODE_ENABLED_INSTRUMENTATIONS` calls it; the package is `@opentelemetry/instrumentation-<name>`. */
  readonly name: string;
  /** The class that the package exports. */
  readonly className: string;
  /** Modules whose first use makes it needed; one of Node.js's own is patched at the start. */
  readonly modules: readonly string[];
  /** Whether it works unless the environment says otherwise. @default true */
  readonly byDefault?: false;
}

/**
 * The instrumentations of `@opentelemetry/auto-instrumentations-node` that wait until their library is used.
 *
 * Left out are those of log libraries, which `logging/` replaces, `aws-lambda` and `cucumber`, which are no services,
 * and `host-metrics`, since the stack's Collector measures hosts. The connections and look-ups of `net` and `dns` and
 * the files of `fs` are in the times of the requests that need them, and off unless asked for.
 */
export const catalogue: readonly CatalogueEntry[] = [
  { name: "amqplib", className: "AmqplibInstrumentation", modules: ["amqplib"] },
  {
    name: "aws-sdk",
    className: "AwsInstrumentation",
    modules: [
      "@aws-sdk/middleware-stack",
      "@smithy/middleware-stack",
      "@smithy/core",
      "@aws-sdk/smithy-client",
      "@smithy/smithy-client",
    ],
  },
  { name: "cassandra-driver", className: "CassandraDriverInstrumentation", modules: ["cassandra-driver"] },
  { name: "connect", className: "ConnectInstrumentation", modules: ["connect"] },
  { name: "dataloader", className: "DataloaderInstrumentation", modules: ["dataloader"] },
  { name: "dns", className: "DnsInstrumentation", modules: ["dns", "dns/promises"], byDefault: false },
  { name: "express", className: "ExpressInstrumentation", modules: ["express"] },
  { name: "fs", className: "FsInstrumentation", modules: ["fs", "fs/promises"], byDefault: false },
  { name: "generic-pool", className: "GenericPoolInstrumentation", modules: ["generic-pool"] },
  { name: "graphql", className: "GraphQLInstrumentation", modules: ["graphql"] },
  { name: "grpc", className: "GrpcInstrumentation", modules: ["@grpc/grpc-js"] },
  { name: "hapi", className: "HapiInstrumentation", modules: ["@hapi/hapi"] },
  { name: "ioredis", className: "IORedisInstrumentation", modules: ["ioredis"] },
  { name: "kafkajs", className: "KafkaJsInstrumentation", modules: ["kafkajs"] },
  { name: "knex", className: "KnexInstrumentation", modules: ["knex"] },
  { name: "koa", className: "KoaInstrumentation", modules: ["koa"] },
  { name: "lru-memoizer", className: "LruMemoizerInstrumentation", modules: ["lru-memoizer"] },
  { name: "memcached", className: "MemcachedInstrumentation", modules: ["memcached"] },
  { name: "mongodb", className: "MongoDBInstrumentation", modules: ["mongodb"] },
  { name: "mongoose", className: "MongooseInstrumentation", modules: ["mongoose"] },
  { name: "mysql", className: "MySQLInstrumentation", modules: ["mysql"] },
  { name: "mysql2", className: "MySQL2Instrumentation", modules: ["mysql2"] },
  { name: "nestjs-core", className: "NestInstrumentation", modules: ["@nestjs/core"] },
  { name: "net", className: "NetInstrumentation", modules: ["net"], byDefault: false },
  { name: "openai", className: "OpenAIInstrumentation", modules: ["openai"] },
  { name: "oracledb", className: "OracleInstrumentation", modules: ["oracledb"] },
  { name: "pg", className: "PgInstrumentation", modules: ["pg", "pg-pool"] },
  { name: "redis", className: "RedisInstrumentation", modules: ["redis", "@redis/client", "@node-redis/client"] },
  { name: "restify", className: "RestifyInstrumentation", modules: ["restify"] },
  { name: "router", className: "RouterInstrumentation", modules: ["router"] },
  { name: "socket.io", className: "SocketIoInstrumentation", modules: ["socket.io"] },
  { name: "tedious", className: "TediousInstrumentation", modules: ["tedious"] },
];
