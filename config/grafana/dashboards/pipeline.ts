import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { promql, stat, timeseries, type Target } from "./common.ts";
import { policyLabel, samplingRules } from "../../collector/tail-sampling.ts";
import { dashboard, heading, row, type Dashboard, type Row, type ShownSettings } from "./dashboard.ts";
import { dashboardLink } from "./links.ts";
import { toOthers } from "../../collector/grouping.ts";
import { own } from "./own-series.ts";

const fromServices = `${own},receiver="otlp"`;
const toStores = `${own},${toOthers}`;

/** The records of each signal, as the names of the Collector's metrics have them, and as people do. */
const records = { log_records: "log records", spans: "spans", metric_points: "metric points" } as const;

/** A query for each kind of records. */
function each(query: (kind: string) => string): Target[] {
  return Object.entries(records).map(([kind, name], index) => promql("ABC".charAt(index), query(kind), name));
}

function age(signal: string): Builder<Panel> {
  return stat({
    title: `Canary: ${signal}`,
    description: `How long ago the newest canary of the ${signal} was sent that was found again in its store. 15 to 75 s is well.`,
    unit: "s",
    thresholds: [120, 300],
    targets: [promql("A", `max(canary_age_seconds{${own},signal="${signal}"})`, "age")],
  });
}

function overview(): Row {
  return row(4, [
    age("logs"),
    age("traces"),
    age("metrics"),
    stat({
      title: "Fullest queue",
      description:
        "What waits in the Collector's fullest queue, of the room that it has. When it is full senders are held back.",
      unit: "percentunit",
      thresholds: [0.5, 0.9],
      targets: [
        promql("A", `max(otelcol_exporter_queue_size{${toStores}} / otelcol_exporter_queue_capacity)`, "fullest"),
      ],
    }),
    stat({
      title: "Given up, 1 h",
      description: "Records that the Collector gave up for good in the last hour, since a store refused them.",
      unit: "short",
      thresholds: [1, 1000],
      targets: [promql("A", `sum(${given("increase", "[1h]")})`, "given up")],
    }),
    stat({
      title: "Lost, 1 h",
      description:
        "Log records, spans and points that services using the stack's library report as not delivered, in the last hour.",
      unit: "short",
      thresholds: [1, 1000],
      targets: [promql("A", `sum(${lostByServices("[1h]")})`, "lost")],
    }),
  ]);
}

/** What the Collector gave up, by exporter. There is no such series before the first failure: then what was sent says 0. */
function given(how: "rate" | "increase", range: string): string {
  const failed = `sum by (exporter) (${how}({__name__=~"otelcol_exporter_(send|enqueue)_failed_.+_total",${toStores}}${range}))`;
  const sent = `sum by (exporter) (${how}({__name__=~"otelcol_exporter_sent_.+_total",${toStores}}${range}))`;
  return `${failed} or ${sent} * 0`;
}

/** What services lost, by service and reason. Of one that lost nothing, what it sent says 0. */
function lostByServices(range: string): string {
  const exported = (which: string): string =>
    `sum by (service_name) (increase({__name__=~"otel_sdk_exporter_(log|span|metric_data_point)_exported_total"${which}}${range}))`;
  return `${exported(',error_type!=""')} or ${exported("")} * 0`;
}

function received(): Row {
  return row(10, [
    timeseries({
      title: "Received",
      description: "Records a second that the Collector took from services, by signal.",
      unit: "short",
      targets: each((kind) => `sum(rate(otelcol_receiver_accepted_${kind}_total{${fromServices}}[$__rate_interval]))`),
    }),
    timeseries({
      title: "Refused",
      description:
        "Records a second that the Collector did not take: its memory was full, or what was sent could not be read. Senders try again.",
      unit: "short",
      targets: each(
        (kind) =>
          `sum(rate({__name__=~"otelcol_receiver_(refused|failed)_${kind}_total",${fromServices}}[$__rate_interval]))`,
      ),
    }),
  ]);
}

/** Traces by what becomes of them; only where not all of them are kept. */
function sampling(mostWaitingTraces: number): Row {
  const decided = (labels: string): string =>
    `rate(otelcol_processor_tail_sampling_count_traces_sampled_total{${own},${labels}}[$__rate_interval])`;
  const kept = decided(`decision="sampled",policy=~"${policyLabel(".+").replace(".", "[.]")}"`);
  // It is asked last, about what no other rule keeps.
  const dropped = decided(`decision="not_sampled",policy="${policyLabel(samplingRules.share)}"`);
  return row(12, [
    timeseries({
      title: "Traces kept and not kept",
      description:
        "Traces a second by the rule that has kept them (otelCollector.tailSampling), and those that none has kept. Metrics are made of all of them.",
      unit: "short",
      targets: [
        promql("A", `sum(${dropped})`, "not kept"),
        promql("B", `sum by (rule) (label_replace(${kept}, "rule", "$1", "policy", "[^.]*[.](.*)"))`, "{{rule}}"),
      ],
    }),
    timeseries({
      title: "Traces that wait for their rest",
      description:
        "Traces that are in the Collector's memory until it is decided whether they are kept, of as many as may wait. At 100 % senders are held back.",
      unit: "percentunit",
      thresholds: [0.5, 0.9],
      targets: [
        promql(
          "A",
          `max(otelcol_processor_tail_sampling_sampling_traces_on_memory{${own}}) / ${mostWaitingTraces}`,
          "waiting",
        ),
      ],
    }),
  ]);
}

function waiting(): Row {
  return row(10, [
    timeseries({
      title: "Queues",
      description:
        "What waits for each store, of the room that its queue has. It grows while a store is away, and stays on disk.",
      unit: "percentunit",
      thresholds: [0.5, 0.9],
      links: [dashboardLink("The stores", "stores", {})],
      targets: [
        promql(
          "A",
          `max by (exporter) (otelcol_exporter_queue_size{${toStores}} / otelcol_exporter_queue_capacity)`,
          "{{exporter}}",
        ),
      ],
    }),
    timeseries({
      title: "Waiting",
      description: "Bytes that wait for each store.",
      unit: "bytes",
      targets: [promql("A", `max by (exporter) (otelcol_exporter_queue_size{${toStores}})`, "{{exporter}}")],
    }),
  ]);
}

function delivered(): Row {
  return row(10, [
    timeseries({
      title: "Sent",
      description:
        "Records a second that each store has taken. What the Collector makes of spans has an exporter of its own.",
      unit: "short",
      targets: [
        promql(
          "A",
          `sum by (exporter) (rate({__name__=~"otelcol_exporter_sent_.+_total",${toStores}}[$__rate_interval]))`,
          "{{exporter}}",
        ),
      ],
    }),
    timeseries({
      title: "Given up",
      description: "Records a second that the Collector gave up for good, since a store refused them. They are lost.",
      unit: "short",
      targets: [promql("A", given("rate", "[$__rate_interval]"), "{{exporter}}")],
    }),
  ]);
}

function canary(): Row {
  return row(10, [
    timeseries({
      title: "Age of the canary",
      description:
        "How long ago the newest one was sent that was found again. A slope is a signal that does not arrive, or cannot be read.",
      unit: "s",
      targets: [promql("A", `max by (signal) (canary_age_seconds{${own}})`, "{{signal}}")],
    }),
    timeseries({
      title: "Canaries that are missing",
      description:
        "In the last hour: lost is what the Collector took and what never came, refused is what it did not take.",
      unit: "short",
      targets: [
        promql("A", `sum by (signal) (increase(canary_lost_total{${own}}[1h]))`, "{{signal}}: lost"),
        promql("B", `sum by (signal) (increase(canary_refused_total{${own}}[1h]))`, "{{signal}}: refused"),
      ],
    }),
  ]);
}

function services(): Row {
  return row(10, [
    timeseries({
      title: "Lost by services",
      description:
        "Records that services report as not delivered, in the last five minutes. Only the stack's library for Node.js says that.",
      unit: "short",
      targets: [promql("A", lostByServices("[5m]"), "{{service_name}}")],
    }),
  ]);
}

/** The way of the telemetry from the services into the stores: what comes, waits, goes on and is lost. */
export function pipelineDashboard({ mostWaitingTraces }: ShownSettings = {}): Dashboard {
  return dashboard({
    id: "pipeline",
    title: "Pipeline",
    description: "The way of the telemetry into the stores: what comes, waits, goes on and is lost.",
    variables: [],
    rows: [
      overview(),
      heading("Into the Collector"),
      received(),
      ...(mostWaitingTraces === undefined ? [] : [heading("Which traces are kept"), sampling(mostWaitingTraces)]),
      heading("Its queues on disk"),
      waiting(),
      heading("Into the stores"),
      delivered(),
      heading("What was sent and is missing"),
      canary(),
      services(),
    ],
  });
}
