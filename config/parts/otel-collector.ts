import type { z } from "zod";
import { collectorName, collectorPaths, collectorPorts } from "../collector/document.ts";
import { tailSamplingSchema } from "../collector/tail-sampling.ts";
import { collectorConfigArgs, collectorFiles, type collectorSections } from "../collector/fragment.ts";
import { collectorReferences, collectorSecretText, noUserText, secretFiles, secretsIn } from "../expansion.ts";
import { flag, foreign, group, wholeNumber } from "../fields.ts";
import { secretsFolder } from "../names.ts";
import { storesOf } from "./exporters.ts";
import { collectorProcessMetrics, scrapedOf, scrapedTargets } from "./own-metrics.ts";
import { part, targetsOf, type Target } from "./part.ts";

/** Longest text of a section of the Collector's configuration, so that all of them fit into one ConfigMap of Kubernetes. */
const sectionKib = 128;

/** A section of the Collector's configuration. */
function section(name: string): z.ZodOptional<ReturnType<typeof foreign>> {
  const change = `write ${name} as in a Collector's file`;
  return foreign("a group in the Collector's own language", change, sectionKib).optional();
}

/** Takes logs, traces and metrics by OTLP, keeps them on disk until they are delivered, and hands each to its store. */
export const otelCollector = part({
  host: collectorName,
  title: "the Collector",
  image: "otel/opentelemetry-collector-contrib:0.158.0",
  memoryMib: { minimum: 96, default: 256 },
  data: {
    volume: "otel_collector_queue",
    path: collectorPaths.queue,
    defaultGib: 4,
    backup: { leftOut: "what waits in its queue is on its way to the stores, and would arrive there twice" },
  },
  ports: {
    "otlp-grpc": {
      port: collectorPorts.otlpGrpc,
      purpose: "OTLP over gRPC: logs, metrics and traces of services",
      isForServices: true,
      published: {
        setting: "otlpGrpc",
        title: "OTLP gRPC",
        purpose: "for your own services: OTEL_EXPORTER_OTLP_ENDPOINT",
        isOpened: false,
      },
    },
    "otlp-http": {
      port: collectorPorts.otlpHttp,
      purpose: "OTLP over HTTP: the same",
      isForServices: true,
      published: {
        setting: "otlpHttp",
        title: "OTLP HTTP",
        purpose: "the same with OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
        isOpened: false,
      },
    },
    health: {
      port: collectorPorts.health,
      purpose: "`/`: 200 while the Collector works",
    },
  },
  configuredBy: "yaml",
  settings: group({
    queueMib: wholeNumber({
      least: 16,
      most: 1024 ** 2,
      unit: "MiB",
      because: "less does not hold one request",
      change: "set at least 16, for example 512",
    }).default(512),
    hostMetrics: flag().default(true),
    tailSampling: tailSamplingSchema.optional(),
    config: group({
      receivers: section("receivers"),
      processors: section("processors"),
      exporters: section("exporters"),
      connectors: section("connectors"),
      extensions: section("extensions"),
      service: section("service"),
    } satisfies Record<(typeof collectorSections)[number], unknown>).optional(),
  })
    .prefault({})
    .describe(
      "`queueMib`: room on disk for what a backend that is away has not taken yet, per backend. `hostMetrics`: memory, processor, load, disks of the machine as metrics; on Docker only. `tailSampling`: which traces are stored, all if it is left out; see docs/operations/traces.md. `config`: what you add to the Collector's configuration, see docs/own-code.md.",
    ),
  user: { userId: 10001, groupId: 10001 },
  stopGraceSeconds: 30,
  // The image has no shell and the binary no check of its own.
  readiness: { port: "health", httpPath: "/", selfCheck: "none", startPeriodSeconds: 10, gates: false },
  reads: {
    args: [noUserText],
    env: [noUserText],
    [collectorPaths.config]: [noUserText],
    [collectorPaths.fragment]: ["collectorConfig"],
    [secretsFolder]: ["collectorSecret"],
  },
  // Everything else that it measures it sends to the store itself.
  metrics: { port: { loopback: collectorPorts.metrics }, kept: collectorProcessMetrics },
  connectsTo: (all) => {
    const stores = targetsOf(all, ({ exporter }) => exporter);
    const isStore = (one: Target): boolean => stores.some(({ host, port }) => host === one.host && port === one.port);
    return [...stores, ...scrapedTargets(all).filter((one) => !isStore(one))];
  },
  opensElsewhere: ({ config }) => config !== undefined,
  process: ({ settings, memoryMib, memoryLimitsMib, enrichment, isOneMachine, secrets, all }) => {
    const { config, queueMib, hostMetrics, tailSampling } = settings;
    const collector = {
      ...{ memoryMib, queueMib, tailSampling, enrichment, readsHost: hostMetrics && isOneMachine },
      ...storesOf(all),
      scraped: scrapedOf(all, memoryLimitsMib),
    };
    const args = collectorConfigArgs(config);
    return {
      args,
      configFiles: collectorFiles(collector, config),
      secretFiles: secretFiles(secretsIn(config, collectorReferences), secrets, collectorSecretText),
      // What the stack generates is checked by its tests; what the user adds, by the Collector.
      check: config === undefined ? "none" : { args: ["validate", ...args], setting: "otelCollector.config" },
      readsInstances: Object.keys(enrichment).length > 0,
    };
  },
});
