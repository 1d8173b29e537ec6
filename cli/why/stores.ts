import { z } from "zod";
import { derivedMetrics, notDerived } from "../../config/collector/derived-metrics.ts";
import { fromOthers, toOthers } from "../../config/collector/grouping.ts";
import { stackNamespace } from "../../config/names.ts";
import { nearMatch } from "../../config/problem.ts";
import { datasourceUid, signals, type Signal } from "../../config/parts/part.ts";
import { parts } from "../../config/parts/parts.ts";
import { languageNamed, type Language } from "./sdks.ts";
import type { GrafanaClient, Series } from "../grafana-client.ts";

/** How far back the stores are asked, in milliseconds. */
export const lookbackMillis = 24 * 3_600_000;

/** When the newest record of each signal was made, in milliseconds since 1970; a signal that there is none of is left out. */
export type Newest = Readonly<Partial<Record<Signal, number>>>;

/** What the Collector and the stores say of one store's signal. */
export interface Delivery {
  readonly signal: Signal;
  /** Records in the last five minutes: taken by transport (`grpc`, `http`), refused, handed on, and given up. */
  readonly accepted: Readonly<Record<string, number>>;
  readonly refused: number;
  readonly sent: number;
  readonly failed: number;
  /** Bytes that wait in the queue. */
  readonly queued: number;
}

/** Records that a store has thrown away, by the reason that it gives. */
export interface Rejection {
  readonly store: string;
  readonly reason: string;
  readonly count: number;
}

const uid = {
  logs: datasourceUid(parts.loki),
  traces: datasourceUid(parts.jaeger),
  metrics: datasourceUid(parts.victoriaMetrics),
} as const;

const names = z.object({ data: z.array(z.string()).nullish() });
const lines = z.object({
  data: z.object({
    result: z.array(
      z.object({
        stream: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.string()]).rest(z.unknown())),
      }),
    ),
  }),
});
const traces = z.object({
  data: z
    .array(
      z.object({
        traceID: z.string().default(""),
        spans: z.array(z.object({ startTime: z.number(), processID: z.string() })),
        processes: z.record(
          z.string(),
          z.object({
            serviceName: z.string(),
            tags: z.array(z.object({ key: z.string(), value: z.unknown() })).default([]),
          }),
        ),
      }),
    )
    .nullable(),
});

/** Asks the stores through Grafana what they have of services, by `service.name`. */
export class Stores {
  private readonly grafana: GrafanaClient;
  private readonly nowMillis: number;

  constructor(grafana: GrafanaClient, nowMillis: number) {
    this.grafana = grafana;
    this.nowMillis = nowMillis;
  }

  /** The names of all services that have sent anything lately, but for the stack's own. */
  async serviceNames(): Promise<readonly string[]> {
    const { grafana } = this;
    const found = await Promise.all([
      grafana.proxy(uid.logs, `loki/api/v1/label/service_name/values?${this.range(1e6)}`),
      grafana.proxy(uid.traces, "api/services"),
      grafana.proxy(uid.metrics, `api/v1/label/service_name/values?${ofServices}&${this.range(1e-3)}`),
    ]);
    const all = new Set(found.flatMap((answer) => names.parse(answer).data ?? []));
    return [...all].filter((name) => name !== parts.canary.host).sort();
  }

  /** The age of each signal of a service. A span counts that was not stored since only some traces are. */
  async newest(serviceName: string): Promise<Newest> {
    const quoted = JSON.stringify(serviceName);
    const found = await Promise.all([this.newestLog(quoted), this.newestSpan(serviceName), this.newestPoint(quoted)]);
    return Object.fromEntries(
      signals.flatMap((signal, index) => (found[index] === undefined ? [] : [[signal, found[index]]])),
    );
  }

  /** The language of the SDK that has sent the newest line or trace of a service; `undefined` if neither says one. */
  async sdkLanguage(serviceName: string): Promise<Language | undefined> {
    const [streams, found] = await Promise.all([
      this.newestStreams(JSON.stringify(serviceName)),
      this.foundTraces(serviceName),
    ]);
    const said = [
      ...streams.map(({ stream }) => stream["telemetry_sdk_language"]),
      ...found.flatMap(({ processes }) =>
        Object.values(processes)
          .filter((process) => process.serviceName === serviceName)
          .map(({ tags }) => tags.find(({ key }) => key === "telemetry.sdk.language")?.value),
      ),
    ];
    return said.map(languageNamed).find((language) => language !== undefined);
  }

  private async newestStreams(quoted: string): Promise<z.output<typeof lines>["data"]["result"]> {
    const query = new URLSearchParams({ query: `{service_name=${quoted}}`, limit: "1" }).toString();
    const answer = await this.grafana.proxy(uid.logs, `loki/api/v1/query_range?${query}&${this.range(1e6)}`);
    return lines.parse(answer).data.result;
  }

  private async newestLog(quoted: string): Promise<number | undefined> {
    return latest(
      (await this.newestStreams(quoted)).flatMap(({ values }) => values.map(([time]) => Number(time) / 1e6)),
    );
  }

  private async newestSpan(serviceName: string): Promise<number | undefined> {
    const own = `{service_name=${JSON.stringify(serviceName)}}`;
    // Where not all traces are stored, and nowhere else: when the metrics that are made of all of them have changed.
    const counted = `max(tlast_change_over_time(${derivedMetrics.calls}${own}[${lookbackMillis}ms])) and on() ${sampler}`;
    const [found, seconds] = await Promise.all([
      this.recentTraces(serviceName),
      this.grafana.metric(uid.metrics, counted),
    ]);
    return latest([...found.map(({ millis }) => millis), ...(seconds === undefined ? [] : [seconds * 1000])]);
  }

  private async foundTraces(serviceName: string): Promise<NonNullable<z.output<typeof traces>["data"]>> {
    const query = new URLSearchParams({ service: serviceName, limit: "20" }).toString();
    const answer = await this.grafana.proxy(uid.traces, `api/traces?${query}&${this.range(1e3)}`);
    return traces.parse(answer).data ?? [];
  }

  /** Some traces of a service with when its newest span in each began, in milliseconds since 1970; the newest first. */
  async recentTraces(serviceName: string): Promise<readonly { readonly traceId: string; readonly millis: number }[]> {
    const found = (await this.foundTraces(serviceName)).flatMap(({ traceID: traceId, spans, processes }) => {
      const own = spans.filter(({ processID }) => processes[processID]?.serviceName === serviceName);
      const millis = latest(own.map(({ startTime }) => startTime / 1e3));
      return millis === undefined ? [] : [{ traceId, millis }];
    });
    return found.toSorted((a, b) => b.millis - a.millis);
  }

  private async newestPoint(quoted: string): Promise<number | undefined> {
    const own = `{service_name=${quoted},__name__!~"${derived}"}`;
    const query = `max(tlast_over_time(${own}[${lookbackMillis}ms]))`;
    const seconds = await this.grafana.metric(uid.metrics, query);
    return seconds === undefined ? undefined : seconds * 1000;
  }

  /** What the Collector has taken and handed on of each signal, of all services together. */
  async deliveries(): Promise<readonly Delivery[]> {
    const { grafana } = this;
    const counted = await grafana.series(
      uid.metrics,
      `sum by (__name__, transport) (increase({__name__=~"otelcol_(receiver_(accepted|refused|failed)|exporter_(sent|send_failed|enqueue_failed))_.+_total",${sent}}[5m]) keep_metric_names)`,
    );
    const queues = await grafana.series(uid.metrics, `sum by (data_type) (otelcol_exporter_queue_size{${sent}})`);
    return signals.map((signal) => {
      const its = (what: RegExp): readonly Series[] =>
        counted.filter(
          ({ labels: { __name__: name = "" } }) => what.test(name) && name.includes(`_${records[signal]}_`),
        );
      const sum = (what: RegExp): number => Math.round(its(what).reduce((all, { value }) => all + value, 0));
      const accepted = its(/_accepted_/).map(
        ({ labels, value }) => [labels["transport"] ?? "", Math.round(value)] as const,
      );
      return {
        signal,
        accepted: Object.fromEntries(accepted),
        refused: sum(/_refused_|receiver_failed_/),
        sent: sum(/_sent_/),
        failed: sum(/_send_failed_|_enqueue_failed_/),
        queued: queues.find(({ labels }) => labels["data_type"] === signal)?.value ?? 0,
      };
    });
  }

  /** What the stores have thrown away: Loki since its start, VictoriaMetrics in the last hour. Of no single service. */
  async rejections(): Promise<readonly Rejection[]> {
    const { grafana } = this;
    const metrics = await grafana.proxied(uid.logs, "metrics");
    const discarded = [...metrics.matchAll(/^loki_discarded_samples_total\{.*?reason="([^"]*)".*\} (\S+)$/gm)];
    const ignored = await grafana.series(
      uid.metrics,
      'sum by (__name__, reason) (increase({__name__=~"vm_rows_(ignored|invalid)_total"}[1h]) keep_metric_names) > 0',
    );
    return [
      ...discarded.map(([, reason = "", count]) => ({ store: parts.loki.title, reason, count: Number(count) })),
      ...ignored.map(({ labels, value }) => ({
        store: parts.victoriaMetrics.title,
        reason: labels["reason"] ?? labels["__name__"] ?? "",
        count: Math.round(value),
      })),
    ].filter(({ count }) => count > 0);
  }

  /** Start and end of what is asked for. @param unit of the store's time, in parts of a millisecond */
  private range(unit: number): string {
    const [start, end] = [this.nowMillis - lookbackMillis, this.nowMillis + 60_000];
    return `start=${Math.floor(start * unit)}&end=${Math.floor(end * unit)}`;
  }
}

/** Receivers and exporters of what was sent, and not of what the Collector makes or collects itself (config/collector). */
const sent = [notDerived, toOthers, fromOthers].join(",");

/** A metric that there is where the Collector decides which traces are stored (config/collector/tail-sampling.ts). */
const sampler = `otelcol_processor_tail_sampling_sampling_traces_on_memory{service_namespace="${stackNamespace}"}`;

/** Metrics that the Collector makes of a service's spans and lines, which say nothing of whether it sends some itself. */
const derived = Object.values(derivedMetrics)
  .map((name) => `${name}.*`)
  .join("|");

/** Series of the user's services, as a parameter of a request: without the metrics of the stack about itself. */
const ofServices = new URLSearchParams({ "match[]": `{service_namespace!="${stackNamespace}"}` }).toString();

/** What the Collector's metrics call the records of a signal. */
const records: Readonly<Record<Signal, string>> = { logs: "log_records", traces: "spans", metrics: "metric_points" };

function latest(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : Math.max(...times);
}

/** Names that may be meant by another: written otherwise by a few letters, part of it, or of a service without a name. */
export function nearNames(name: string, known: readonly string[]): readonly string[] {
  return known.filter((one) => one !== name && (isNear(name, one) || isUnknown(one)));
}

/** Whether it is what an SDK or the Collector calls a service without a name. */
export function isUnknown(name: string): boolean {
  return name.startsWith("unknown_service");
}

/** Whether two names differ by a few letters, their case, or what stands in front or behind. */
export function isNear(name: string, other: string): boolean {
  return nearMatch(name, [other]) !== undefined || isPartOf(name, other) || isPartOf(other, name);
}

/** Whether a name is another one, or a word of it: `checkout` of `shop-checkout`. */
export function isPartOf(part: string, whole: string): boolean {
  return words(whole).includes(words(part));
}

function words(name: string): string {
  return `-${name.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "-")}-`;
}
