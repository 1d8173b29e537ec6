import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { keptTrace } from "../../config/collector/tail-sampling.ts";
import type { Signal } from "../../config/parts/part.ts";

const stringValue = z.object({ stringValue: z.string() });
const resource = z.object({ attributes: z.array(z.object({ key: z.string(), value: stringValue })) });

/** What of a beat is stored: what a store would find it by. */
const taken = {
  logs: z
    .object({
      resourceLogs: z.tuple([
        z.object({
          resource,
          scopeLogs: z.tuple([
            z.object({ logRecords: z.tuple([z.object({ timeUnixNano: z.string(), body: stringValue })]) }),
          ]),
        }),
      ]),
    })
    .transform(({ resourceLogs: [{ resource, scopeLogs }] }) => {
      const [{ body, timeUnixNano }] = scopeLogs[0].logRecords;
      return { resource, time: timeUnixNano, value: body.stringValue };
    }),
  traces: z
    .object({
      resourceSpans: z.tuple([
        z.object({
          resource,
          scopeSpans: z.tuple([
            z.object({
              spans: z.tuple([
                z.object({
                  traceId: z.string().regex(/^[0-9a-f]{32}$/),
                  spanId: z.string().regex(/^[0-9a-f]{16}$/),
                  startTimeUnixNano: z.string(),
                  // Or the stack may drop it, if it keeps a share of the traces only.
                  traceState: z.literal(`${keptTrace.key}=${keptTrace.value}`),
                }),
              ]),
            }),
          ]),
        }),
      ]),
    })
    .transform(({ resourceSpans: [{ resource, scopeSpans }] }) => {
      const [{ traceId, startTimeUnixNano }] = scopeSpans[0].spans;
      return { resource, time: startTimeUnixNano, value: traceId };
    }),
  metrics: z
    .object({
      resourceMetrics: z.tuple([
        z.object({
          resource,
          scopeMetrics: z.tuple([
            z.object({
              metrics: z.tuple([
                z.object({
                  name: z.literal("canary.beat"),
                  gauge: z.object({
                    dataPoints: z.tuple([z.object({ timeUnixNano: z.string(), asInt: z.string() })]),
                  }),
                }),
              ]),
            }),
          ]),
        }),
      ]),
    })
    .transform(({ resourceMetrics: [{ resource, scopeMetrics }] }) => {
      const [{ timeUnixNano, asInt }] = scopeMetrics[0].metrics[0].gauge.dataPoints;
      return { resource, time: timeUnixNano, value: asInt };
    }),
} as const satisfies Record<Signal, z.ZodType>;

type Stored = z.output<(typeof taken)[Signal]>;

/** What a {@link FakeStack} does with a signal: it stores it, it takes it and keeps it in a queue, it takes and loses it, or it answers 503. */
type Behaviour = "stores" | "queues" | "loses" | "refuses";

/** A Collector and its stores in one server, as far as the canary needs them. */
export class FakeStack {
  /** What the Collector does with each signal. */
  readonly collector: Record<Signal, Behaviour> = { logs: "stores", traces: "stores", metrics: "stores" };
  /** The stores that answer 503. */
  readonly away = new Set<Signal>();
  readonly stored: Record<Signal, Stored[]> = { logs: [], traces: [], metrics: [] };
  /** Bodies that were imported as text. */
  readonly imported: string[] = [];
  private readonly queue: Record<Signal, Stored[]> = { logs: [], traces: [], metrics: [] };
  private readonly server = createServer((request, response) => void this.answer(request, response));

  static async start(): Promise<FakeStack> {
    const stack = new FakeStack();
    stack.server.listen(0, "127.0.0.1");
    await once(stack.server, "listening");
    return stack;
  }

  get url(): string {
    const address = this.server.address();
    if (address === null || typeof address === "string") throw new Error("the server does not listen");
    return `http://127.0.0.1:${address.port}`;
  }

  /** Delivers what waits in a queue, and stores what comes from now on. */
  deliver(signal: Signal): void {
    this.collector[signal] = "stores";
    this.stored[signal].push(...this.queue[signal].splice(0));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
    const sent = await text(request);
    const [status, body] = this.respond(pathname, searchParams, sent);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }

  private respond(path: string, parameters: URLSearchParams, sent: string): readonly [number, unknown] {
    for (const signal of ["logs", "traces", "metrics"] as const) {
      if (path === `/v1/${signal}`) return this.take(signal, sent);
    }
    if (path === "/loki/api/v1/query_range") return this.logs(parameters);
    if (path.startsWith("/api/traces/")) return this.trace(path.slice("/api/traces/".length));
    if (path === "/api/v1/query") return this.points(parameters);
    if (path !== "/api/v1/import/prometheus") return [404, {}];
    if (this.away.has("metrics")) return [503, {}];
    this.imported.push(sent);
    return [204, undefined];
  }

  private take(signal: Signal, sent: string): readonly [number, unknown] {
    const behaviour = this.collector[signal];
    const beat = taken[signal].parse(JSON.parse(sent));
    if (behaviour === "refuses") return [503, { message: "the queue is full" }];
    if (behaviour === "stores") this.stored[signal].push(beat);
    if (behaviour === "queues") this.queue[signal].push(beat);
    return [200, { partialSuccess: {} }];
  }

  private logs(parameters: URLSearchParams): readonly [number, unknown] {
    if (this.away.has("logs")) return [503, { message: "starting" }];
    const [start, end] = [BigInt(parameters.get("start") ?? ""), BigInt(parameters.get("end") ?? "")];
    const values = this.stored.logs
      .filter(({ time }) => BigInt(time) >= start && BigInt(time) < end)
      .map(({ time, value }) => [time, value]);
    return [200, { data: { result: [{ values }] } }];
  }

  private trace(traceId: string): readonly [number, unknown] {
    if (this.away.has("traces")) return [503, {}];
    return this.stored.traces.some(({ value }) => value === traceId) ? [200, { data: [{}] }] : [404, {}];
  }

  private points(parameters: URLSearchParams): readonly [number, unknown] {
    if (this.away.has("metrics")) return [503, {}];
    const end = Number(parameters.get("time")) * 1000;
    const length = Number(/\[(\d+)ms\]$/.exec(parameters.get("query") ?? "")?.[1]);
    const values = this.stored.metrics
      .map(({ time, value }) => [Number(time) / 1e6, value] as const)
      .filter(([millis]) => millis > end - length && millis <= end);
    return [200, { data: { result: [{ values }] } }];
  }
}
