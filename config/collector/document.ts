import { Document, Scalar, visit } from "yaml";
import type { Stores } from "../parts/exporters.ts";
import { collectorReader, type ScrapedPart } from "../parts/own-metrics.ts";
import { signals, type Signal } from "../parts/part.ts";
import { stackNamespace } from "../names.ts";
import { durableDelivery, shortWay } from "./delivery.ts";
import { groupedPipeline, grouping, groupingExporter, groupingReceiver } from "./grouping.ts";
import { hostReceivers, hostStatements } from "./host-metrics.ts";
import { ownPipeline, ownProcessors, ownReceivers, scrapeSeconds } from "./own-metrics.ts";
import { severityStatements } from "./severity.ts";
import { sampled, samplingProcessors, type TailSampling } from "./tail-sampling.ts";
import {
  connectors,
  connectorsOf,
  derivedDelivery,
  derivedName,
  derivedProcessors,
  toTotals,
} from "./derived-metrics.ts";

/** Where the Collector finds and keeps things in its container. */
export const collectorPaths = {
  config: "/etc/otelcol-contrib/config.yaml",
  /** What the user adds; the Collector merges the two. */
  fragment: "/etc/otelcol-contrib/own.yaml",
  queue: "/var/lib/otelcol",
} as const;

/** Ports on which the Collector listens; `metrics` and `grouped` on loopback only. */
export const collectorPorts = { otlpGrpc: 4317, otlpHttp: 4318, health: 13133, metrics: 8888, grouped: 14317 } as const;

/** Host name of the Collector, and `service.name` of its own metrics. */
export const collectorName = "otel-collector";

/** Inputs of the Collector's configuration. */
export interface OtelCollectorSettings extends Stores {
  readonly memoryMib: number;
  /** Bound of the queue on disk of each store, in MiB. */
  readonly queueMib: number;
  /** The parts whose own metrics it collects, itself among them. */
  readonly scraped: readonly ScrapedPart[];
  /** Whether it measures the machine that it runs on. */
  readonly readsHost: boolean;
  /** Which traces are stored. @default all */
  readonly tailSampling?: TailSampling | undefined;
  /** Processors, by name, that add what the platform knows of the sender. They see a request as it came in. */
  readonly enrichment: Readonly<Record<string, object>>;
}

/** Largest request a client may send, in MiB, for gRPC and for HTTP. */
const maxRequestMib = 16;

/**
 * One Collector: OTLP in, each signal to the part that stores it.
 *
 * There is no batch processor: it acknowledges before anything is stored. Instead requests are gathered while their clients
 * wait (grouping.ts), and each exporter batches behind a queue on disk, so a client hears "accepted" when its data would
 * survive a crash, and a backend may be away for as long as the queue has room. A full queue holds the client back
 * (`block_on_overflow`), it drops nothing.
 */
export function otelCollectorConfig(settings: OtelCollectorSettings): string {
  // Anchors would be right but nobody writes a Collector configuration with them.
  const document = new Document(otelCollectorDocument(settings), { aliasDuplicateObjects: false });
  // The Collector's YAML takes some names of services for numbers or dates.
  const names = Object.keys(settings.tailSampling?.services ?? {});
  visit(document, {
    Scalar: (key, scalar) => {
      if (key !== "key" && names.some((name) => name === scalar.value)) scalar.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString();
}

/** The configuration as an object, before it is text. */
export function otelCollectorDocument(settings: OtelCollectorSettings): Readonly<Record<string, object>> {
  const limitMib = Math.floor(settings.memoryMib * 0.8);
  const storesOf = (wanted: Signal): readonly string[] =>
    settings.exporters.filter(({ signal }) => signal === wanted).map(({ name }) => name);
  const sampling = samplingPipeline(settings, storesOf("traces"));
  const groupedPipelines = sampling.grouped.map((signal): readonly [string, object] => [
    groupedPipeline(signal),
    { receivers: [grouping.receiver], processors: [], exporters: [...storesOf(signal), ...connectorsOf[signal]] },
  ]);
  const ofStack = {
    receivers: {
      ...ownReceivers(settings.scraped),
      ...(settings.readsHost ? hostReceivers(scrapeSeconds, collectorPaths.queue) : {}),
    },
    processors: ownProcessors(settings.scraped, settings.readsHost ? hostStatements : []),
  };
  const own = { protocol: "http/protobuf", endpoint: settings.metricsEndpoint };
  const completing = [...Object.keys(settings.enrichment), "resource", "transform/instance"];
  const processors = ["memory_limiter", ...completing];
  return {
    extensions: {
      health_check: { endpoint: `0.0.0.0:${collectorPorts.health}` },
      file_storage: {
        directory: collectorPaths.queue,
        create_directory: true,
        fsync: true,
        // Moves a damaged file aside, but only where reading it panics at once: most damage keeps the Collector from starting
        // (docs/operations/stack.md, "A damaged queue").
        recreate: true,
        // Once little is left in it: a compaction writes a copy beside the file, which at a start may be a whole queue.
        compaction: { directory: collectorPaths.queue, on_rebound: true, cleanup_on_start: true },
      },
    },
    receivers: {
      otlp: {
        protocols: {
          grpc: { endpoint: `0.0.0.0:${collectorPorts.otlpGrpc}`, max_recv_msg_size_mib: maxRequestMib },
          http: { endpoint: `0.0.0.0:${collectorPorts.otlpHttp}`, max_request_body_size: maxRequestMib * 1024 * 1024 },
        },
      },
      [grouping.receiver]: groupingReceiver(collectorPorts.grouped),
      ...ofStack.receivers,
    },
    processors: {
      // First in every pipeline: refuses data, which clients send again, before the kernel kills the container.
      memory_limiter: { check_interval: "1s", limit_mib: limitMib, spike_limit_mib: Math.floor(limitMib * 0.2) },
      ...settings.enrichment,
      resource: {
        attributes: [
          { key: "service.namespace", value: "unknown", action: "insert" },
          { key: "service.name", value: "unknown_service", action: "insert" },
        ],
      },
      "transform/instance": {
        error_mode: "ignore",
        log_statements: instanceStatements,
        trace_statements: instanceStatements,
        metric_statements: instanceStatements,
      },
      // The links from a span go by its attributes, and Jaeger has this one as the name of a process only.
      "transform/links": {
        error_mode: "ignore",
        trace_statements: [
          'set(span.attributes["service.name"], resource.attributes["service.name"]) where span.attributes["service.name"] == nil',
        ],
      },
      "transform/sizes": { error_mode: "ignore", trace_statements: sizeStatements },
      "transform/records": { error_mode: "ignore", log_statements: [...traceContextStatements, ...severityStatements] },
      // What already travels in OTLP's own fields is not stored a second time as an attribute of each record.
      attributes: { actions: ["service.name", "service.namespace"].map((key) => ({ key, action: "delete" })) },
      ...derivedProcessors,
      ...toTotals,
      ...ofStack.processors,
      ...sampling.processors,
    },
    connectors: { ...connectors, ...sampling.connectors },
    exporters: {
      [grouping.exporter]: groupingExporter(collectorPorts.grouped),
      ...Object.fromEntries(
        settings.exporters.flatMap(({ name, signal, config }): [string, object][] => {
          const store = { ...config, ...shortWay };
          const derived: [string, object] = [derivedName(name), { ...store, ...derivedDelivery }];
          return [
            [name, { ...store, ...durableDelivery(settings.queueMib) }],
            ...(signal === "metrics" ? [derived] : []),
          ];
        }),
      ),
    },
    service: {
      extensions: ["health_check", "file_storage"],
      pipelines: {
        logs: {
          receivers: ["otlp"],
          processors: [...processors, "transform/records", "attributes"],
          exporters: [grouping.exporter],
        },
        traces: {
          receivers: ["otlp"],
          processors: ["memory_limiter", ...sampling.limiters, ...completing, "transform/links", "transform/sizes"],
          exporters: sampling.exporters,
        },
        ...sampling.pipelines,
        metrics: {
          receivers: ["otlp"],
          processors: [...processors, ...Object.keys(toTotals)],
          exporters: [grouping.exporter],
        },
        ...Object.fromEntries(groupedPipelines),
        "metrics/derived": {
          receivers: Object.keys(connectors),
          // No limit of memory: what it refuses, a sender of logs would send again, though Loki has it.
          processors: [...Object.keys(derivedProcessors), ...Object.keys(toTotals)],
          exporters: storesOf("metrics").map(derivedName),
        },
        [ownPipeline]: {
          receivers: Object.keys(ofStack.receivers),
          processors: Object.keys(ofStack.processors),
          // What a store that is away has missed of these is of no use to anybody later.
          exporters: storesOf("metrics").map(derivedName),
        },
      },
      telemetry: {
        resource: {
          attributes: [
            { name: "service.name", value: collectorName },
            { name: "service.namespace", value: stackNamespace },
            // Or each start would begin all series anew.
            { name: "service.instance.id", value: collectorName },
          ],
        },
        logs: { level: "warn" },
        metrics: {
          level: "normal",
          readers: [
            // Straight to the store: the Collector's own numbers must not depend on the pipelines they report on.
            { periodic: { interval: 15000, exporter: { otlp: own } } },
            // For what it says of its process beside the other parts.
            collectorReader("127.0.0.1", collectorPorts.metrics),
          ],
        },
      },
    },
  };
}

/** What stands between the spans and their stores: nothing, or the decision about each trace. */
function samplingPipeline(
  { tailSampling, memoryMib }: OtelCollectorSettings,
  stores: readonly string[],
): {
  readonly processors: Readonly<Record<string, object>>;
  readonly connectors: Readonly<Record<string, object>>;
  readonly pipelines: Readonly<Record<string, object>>;
  /** What else limits the memory of the services' spans; in front of everything, so that what is refused was not counted. */
  readonly limiters: readonly string[];
  /** Where the pipeline of the services' spans hands them on to. */
  readonly exporters: readonly string[];
  /** The signals that go into their queues in groups: not the traces that are decided about, each of which leaves memory on its own. */
  readonly grouped: readonly Signal[];
} {
  if (tailSampling === undefined)
    return {
      ...{ processors: {}, connectors: {}, pipelines: {}, limiters: [] },
      ...{ exporters: [grouping.exporter], grouped: signals },
    };
  const { limiter, connector, processor, pipeline } = sampled;
  return {
    processors: samplingProcessors(tailSampling, memoryMib),
    connectors: { [connector]: {} },
    pipelines: { [pipeline]: { receivers: [connector], processors: [processor], exporters: stores } },
    limiters: [limiter],
    exporters: [connector, ...connectorsOf.traces],
    grouped: signals.filter((signal) => signal !== "traces"),
  };
}

/**
 * Two processes of one service that do not say which instance they are would write the same series. Each is its pod, where
 * the platform knows it, or else the address that it sends from: without the port, which each connection has anew.
 */
const instanceStatements: readonly string[] = [
  'resource.attributes["k8s.pod.name"]',
  'ExtractPatterns(otelcol.client.addr, "^[[]?(?P<host>(?:[0-9]+[.]){3}[0-9]+|[^]]+)")["host"]',
].map(
  (known) =>
    `set(resource.attributes["service.instance.id"], ${known}) where resource.attributes["service.instance.id"] == nil`,
);

/** The longest text of a span's attribute, and of what it has beside them, in bytes. */
const [attributeBytes, nameBytes] = [32 * 1024, 16 * 1024];

/** The longest key that badger takes, in bytes (y.MaxKeySize is 65,000), without what Jaeger has in it beside an attribute. */
const indexedBytes = 65_000 - nameBytes - 616;

/**
 * Jaeger has each attribute as a key of its index as well, with its name and behind the service's, lists and maps as JSON, and
 * refuses a key that is too long as if it could be stored later: one such span would hold up all traces for ever. Texts are cut.
 * Where that is not enough, lists and maps are taken apart, four levels of them, with the first hundred elements of each list, and
 * names of more than 1,000 characters and what comes after 1,000 attributes are left out.
 */
const sizeStatements: readonly object[] = [
  { context: "resource", bytes: nameBytes, texts: [] },
  { context: "scope", bytes: attributeBytes, texts: ["name", "version"] },
  { context: "span", bytes: attributeBytes, texts: ["name", "status.message", "trace_state"] },
  { context: "spanevent", bytes: attributeBytes, texts: ["name"] },
].flatMap(({ context, bytes, texts }) => {
  const attributes = `${context}.attributes`;
  const truncate = `truncate_all(${attributes}, ${bytes})`;
  return [
    { context, statements: [truncate, ...texts.map((text) => cutStatement(`${context}.${text}`))] },
    {
      context,
      conditions: [`Len(ToKeyValueString(${attributes})) > ${indexedBytes}`],
      statements: [
        `delete_matching_keys(${attributes}, "(?s)^.{1000}")`,
        ...Array.from({ length: 4 }, () => [
          `flatten(${attributes})`,
          `delete_matching_keys(${attributes}, "[.][0-9]{3,}([.]|$)")`,
        ]).flat(),
        `limit(${attributes}, 1000, ["service.name", "service.namespace"])`,
        truncate,
      ],
    },
  ];
});

function cutStatement(text: string): string {
  return `set(${text}, Substring(${text}, 0, ${nameBytes})) where Len(${text}) > ${nameBytes}`;
}

/** Ids that say "none", as OTTL writes them. */
const noTrace = `TraceID(0x${"0".repeat(32)})`;
const noSpan = `SpanID(0x${"0".repeat(16)})`;

/**
 * Loggers that are no part of OpenTelemetry have the ids of the trace as attributes, `trace_id` and `span_id`. Where a
 * record has no trace context of its own they become that, which the links of Grafana go by; a span counts only with
 * its trace. With a trace context the attribute goes: Loki has both under one name. What is no id (32 or 16 lower-case
 * hexadecimal digits, not all 0) stays an attribute
 * (github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/pkg/ottl/contexts/ottllog).
 */
const traceContextStatements: readonly string[] = [
  `set(log.span_id.string, log.attributes["span_id"]) where log.trace_id == ${noTrace} and log.span_id == ${noSpan} and ${isId("trace_id", 32)} and ${isId("span_id", 16)}`,
  `set(log.trace_id.string, log.attributes["trace_id"]) where log.trace_id == ${noTrace} and ${isId("trace_id", 32)}`,
  `delete_key(log.attributes, "trace_id") where log.trace_id != ${noTrace}`,
  `delete_key(log.attributes, "span_id") where log.span_id != ${noSpan}`,
];

function isId(name: string, digits: number): string {
  const value = `log.attributes["${name}"]`;
  return `IsString(${value}) and IsMatch(${value}, "^[0-9a-f]{${digits}}$") and ${value} != "${"0".repeat(digits)}"`;
}
