/*
 * What users may write, and after each `@ts-expect-error` what they may not. Nothing runs this file: consumer-types.test.ts
 * compiles it as users would, for both module systems, against what `npm pack` makes.
 */
import "@observability/telemetry/register";
import { createServer } from "node:http";
import { PassThrough } from "node:stream";
import { DiagConsoleLogger } from "@opentelemetry/api";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { AlwaysOffSampler, ConsoleSpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace";
import {
  redact,
  redactText,
  startTelemetry,
  type AllCounts,
  type DeliveryCounts,
  type Level,
  type LogDestination,
  type Logger,
  type LoggerSettings,
  type LossReason,
  type PatternRule,
  type RedactionOptions,
  type ShutdownOptions,
  type Telemetry,
  type TelemetryOptions,
  type TextRule,
} from "@observability/telemetry";
import {
  collectTelemetry,
  type CollectedLog,
  type CollectedMetric,
  type CollectedPoint,
  type CollectedSpan,
  type ExpectedLog,
  type ExpectedMetric,
  type ExpectedSpan,
  type TelemetryCollector,
} from "@observability/telemetry/testing";
// @ts-expect-error -- what is inside is nobody's business
import type {} from "@observability/telemetry/dist/index.cjs";

/** The options of `startTelemetry`, all of them and one wrong value of each. */
export function options(): TelemetryOptions[] {
  const shutdown: ShutdownOptions = {
    signals: "auto",
    timeoutMillis: 8_000,
    callbackTimeoutMillis: 1,
    crashTimeoutMillis: 1,
  };
  const pattern: PatternRule = { pattern: /E-\d+/, replacement: "E-…" };
  const without: readonly TextRule[] = ["mailAddresses"];
  const redaction: RedactionOptions = { keys: ["badge"], allow: ["token_count"], patterns: [/x/, pattern], without };
  const destinations: readonly LogDestination[] = ["stdout", "stderr", "none", new PassThrough()];
  const level: Level = "debug";
  const logger: LoggerSettings = { level, destination: destinations[3] };
  const all: Required<TelemetryOptions> = {
    resourceAttributes: { "shop.region": "north", "shop.floors": [1, 2] },
    instrumentations: [new HttpInstrumentation({ requireParentforOutgoingSpans: true })],
    spanProcessors: [new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() })],
    views: [{ instrumentName: "shop.*", name: "renamed" }],
    sampler: new AlwaysOffSampler(),
    shutdown,
    redaction,
    logger,
  };
  return [
    all,
    {},
    { logger: { level: "silent" }, shutdown: { signals: false } },
    // @ts-expect-error -- an option that there is not
    { serviceName: "shop" },
    // @ts-expect-error -- not as the variable has them
    { resourceAttributes: "shop.region=north" },
    // @ts-expect-error -- the class and not one of it
    { instrumentations: [HttpInstrumentation] },
    // @ts-expect-error -- an exporter is no processor
    { spanProcessors: [new ConsoleSpanExporter()] },
    // @ts-expect-error -- the variable's value is no sampler
    { sampler: "always_off" },
    // @ts-expect-error -- numbers are milliseconds
    { shutdown: { timeoutMillis: "8s" } },
    // @ts-expect-error -- no signal's name
    { shutdown: { signals: "SIGTERM" } },
    // @ts-expect-error -- no level of the library
    { logger: { level: "verbose" } },
    // @ts-expect-error -- no path of a file
    { logger: { destination: "/var/log/shop.log" } },
    // @ts-expect-error -- no expression
    { redaction: { patterns: ["E-4711"] } },
    // @ts-expect-error -- no built-in rule
    { redaction: { without: ["everything"] } },
  ];
}

/** What `startTelemetry` gives. */
export async function telemetry(): Promise<void> {
  const started: Telemetry = startTelemetry();
  const logger: Logger = started.logger;
  logger.info("order accepted");
  logger.child({ part: "orders" }).warn({ order_id: "4711" }, "nearly sold out");
  logger.level = "debug";
  // @ts-expect-error -- a level that the logger does not have
  const notice: keyof Logger = "notice";
  logger.info(notice);

  const server = createServer();
  started.onShutdown(() => server.close());
  started.onShutdown(async () => Promise.resolve());
  // @ts-expect-error -- closed at once, and nothing that can be called
  started.onShutdown(server.close());

  const counts: AllCounts | undefined = started.counts();
  // @ts-expect-error -- nothing if nothing is sent
  const sure: DeliveryCounts = started.counts().logs;
  const logs: DeliveryCounts | undefined = counts?.logs;
  const reason: LossReason = "queue_full";
  const lost: number | undefined = logs?.lost[reason];
  // @ts-expect-error -- no reason
  const stolen: LossReason = "stolen";
  // @ts-expect-error -- nobody starts what was started by somebody else anew
  started.exporting = lost === sure.lost[stolen];
  await started.shutdown();

  const text: string = redactText("token=x");
  // @ts-expect-error -- for texts only
  redactText({ token: text });
  const copy: unknown = redact({ token: text });
  // @ts-expect-error -- what comes back may have another form
  const same: { readonly token: string } = redact(copy);
  new DiagConsoleLogger().debug("", same);
}

/** The entry for tests. */
export async function testing(): Promise<void> {
  const collector: TelemetryCollector = await collectTelemetry();
  const wanted: ExpectedSpan = { name: /order/, kind: "server", status: "error", attributes: { "order.id": "4711" } };
  const span: CollectedSpan = collector.expectSpan(wanted);
  const spans: readonly CollectedSpan[] = collector.spans();
  // @ts-expect-error -- a number of the API and no name
  collector.expectSpan({ kind: 1 });
  // @ts-expect-error -- what somebody has collected stays as it is
  span.name = spans[0]?.traceId ?? "";

  const line: ExpectedLog = { message: "order accepted", level: "info", fields: { order_id: "4711" } };
  const log: CollectedLog = collector.expectLog(line);
  const logs: readonly CollectedLog[] = [...collector.logs(), log];
  // @ts-expect-error -- it is called message
  collector.expectLog({ body: logs });

  const metric: ExpectedMetric = { name: "orders.accepted", value: 1, count: 1, attributes: { channel: "web" } };
  const point: CollectedPoint = await collector.expectMetric(metric);
  const metrics: readonly CollectedMetric[] = await collector.metrics();
  // @ts-expect-error -- a metric is known by its name
  await collector.expectMetric({ value: point.value + metrics.length });
  // @ts-expect-error -- metrics are collected when they are asked for, so there is a promise
  const early: CollectedPoint = collector.expectMetric(metric);
  await collector.reset();
  new DiagConsoleLogger().debug("", early);
}
