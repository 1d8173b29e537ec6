import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import { getRPCMetadata, RPCType } from "@opentelemetry/core";
import { InstrumentationBase, type InstrumentationConfig } from "@opentelemetry/instrumentation";

/** What is used of a Fastify instance (fastify.dev/docs/latest/Reference/Hooks). */
interface FastifyInstance {
  addHook(name: "onRequest", hook: (request: FastifyRequest, reply: unknown, done: () => void) => void): void;
  addHook(
    name: "onError",
    hook: (request: FastifyRequest, reply: unknown, error: Error, done: () => void) => void,
  ): void;
}

/** What is used of a request; without `url` no route has matched. */
interface FastifyRequest {
  readonly method: string;
  readonly routeOptions?: { readonly url?: string };
}

/** Where Fastify, from 4.15 on, says that an instance is there (its `fastify.js`). */
const channel = "fastify.initialization";

/**
 * Gives the span and the metrics of a request to a Fastify server its route, and the span what a handler has thrown.
 *
 * `@fastify/otel` is made for OpenTelemetry 2.x, which cannot be mixed with 3.x. No module is changed: Fastify itself
 * hands over each instance.
 */
export class FastifyInstrumentation extends InstrumentationBase {
  private readonly onInstance = (message: unknown): void => {
    const { fastify } = message as { readonly fastify: FastifyInstance };
    fastify.addHook("onRequest", (request, _reply, done) => {
      nameByRoute(request);
      done();
    });
    fastify.addHook("onError", (_request, _reply, error, done) => {
      const span = trace.getActiveSpan();
      span?.recordException(error);
      span?.setStatus({ code: SpanStatusCode.ERROR });
      done();
    });
  };

  constructor(config: InstrumentationConfig = {}) {
    // The base class would enable it before the fields of this one are there.
    super("@observability/telemetry/fastify", "1", { ...config, enabled: false });
    if (config.enabled !== false) this.enable();
  }

  protected override init(): [] {
    return [];
  }

  override enable(): void {
    // Once, however often it is enabled.
    unsubscribe(channel, this.onInstance);
    subscribe(channel, this.onInstance);
  }

  override disable(): void {
    unsubscribe(channel, this.onInstance);
  }
}

function nameByRoute({ method, routeOptions }: FastifyRequest): void {
  const route = routeOptions?.url;
  if (route === undefined) return;
  const metadata = getRPCMetadata(context.active());
  if (metadata?.type === RPCType.HTTP) metadata.route = route;
  trace.getActiveSpan()?.updateName(`${method} ${route}`);
}
