import { metrics, type Attributes, type Counter } from "@opentelemetry/api";
import type { DeliveryProtocol, ExporterSettings } from "./exporter-settings.ts";
import type { OtlpSignal } from "./otlp-signals.ts";

/**
 * Why an item did not arrive. `queue_full`: no room; `rejected`: the receiver refused it for good; `too_large`: it is
 * more than the receiver takes, on its own; `retries_exhausted`: the receiver has put it off for too long;
 * `serialization`: it cannot be written as OTLP; `shutdown`: the process ended.
 */
export type LossReason = "queue_full" | "rejected" | "retries_exhausted" | "serialization" | "shutdown" | "too_large";

/** What became of all items of one signal; `written` is the sum of all the others. */
export interface DeliveryCounts {
  readonly written: number;
  readonly delivered: number;
  readonly waiting: number;
  readonly lost: Readonly<Record<LossReason, number>>;
}

/** At most this often the same kind of trouble is said on stderr, in milliseconds. */
export const quietMillis = 60_000;

/** Names of components (opentelemetry.io/docs/specs/semconv/registry/attributes/otel/#otel-component-type). */
const componentOf: Readonly<Record<DeliveryProtocol, string>> = {
  grpc: "otlp_grpc",
  "http/protobuf": "otlp_http",
  "http/json": "otlp_http_json",
};

/**
 * Counts what becomes of the items of one signal, as numbers, as metrics by OpenTelemetry's names
 * (opentelemetry.io/docs/specs/semconv/otel/sdk-metrics), and for people, once a minute at most.
 */
export class DeliveryTally {
  /** What the items are, for people. */
  readonly itemName: string;
  private readonly name: OtlpSignal<never>["name"];
  private readonly report: (message: string) => void;
  private readonly attributes: Attributes;
  private readonly lost: Record<LossReason, number> = {
    queue_full: 0,
    rejected: 0,
    retries_exhausted: 0,
    serialization: 0,
    shutdown: 0,
    too_large: 0,
  };
  private readonly unsaid = new Map<LossReason, { items: number; why: string; timer: NodeJS.Timeout | undefined }>();
  private writtenItems = 0;
  private deliveredItems = 0;
  private exported: Counter | undefined;

  constructor(
    signal: Pick<OtlpSignal<never>, "itemName" | "name">,
    settings: Pick<ExporterSettings, "protocol">,
    report: (message: string) => void,
  ) {
    this.itemName = signal.itemName;
    this.name = signal.name;
    this.report = report;
    const type = `${componentOf[settings.protocol]}_${signal.name === "metric_data_point" ? "metric" : signal.name}_exporter`;
    this.attributes = { "otel.component.type": type, "otel.component.name": `${type}/0` };
  }

  get counts(): DeliveryCounts {
    return {
      written: this.writtenItems,
      delivered: this.deliveredItems,
      waiting: this.waiting,
      lost: { ...this.lost },
    };
  }

  /** How many have neither arrived nor been lost. */
  get waiting(): number {
    return this.writtenItems - this.deliveredItems - this.lostItems;
  }

  private get lostItems(): number {
    return Object.values(this.lost).reduce((sum, items) => sum + items, 0);
  }

  /** An item has been handed over. */
  written(items: number): void {
    this.writtenItems += items;
    this.counter();
  }

  /** The receiver has taken it. */
  delivered(items: number): void {
    if (items === 0) return;
    this.deliveredItems += items;
    this.counter().add(items, this.attributes);
  }

  /** Counts items that will not arrive. @param why in words, for people */
  lose(items: number, reason: LossReason, why: string): void {
    if (items === 0) return;
    this.lost[reason] += items;
    this.counter().add(items, { ...this.attributes, "error.type": reason });
    const unsaid = this.unsaid.get(reason) ?? { items: 0, why, timer: undefined };
    unsaid.items += items;
    unsaid.why = why;
    this.unsaid.set(reason, unsaid);
    if (unsaid.timer === undefined) this.say(reason);
  }

  /** Says what has been lost since it was last said, and at the end how many in all. */
  end(): void {
    for (const { timer } of this.unsaid.values()) clearTimeout(timer);
    this.unsaid.clear();
    const reasons = Object.entries(this.lost).filter(([, items]) => items > 0);
    if (reasons.length === 0) return;
    const each = reasons.map(([reason, items]) => `${items} ${reason}`).join(", ");
    this.report(`${this.lostItems} of ${this.writtenItems} ${this.itemName} were not delivered: ${each}`);
  }

  private say(reason: LossReason): void {
    const unsaid = this.unsaid.get(reason);
    if (unsaid === undefined) return;
    unsaid.timer = undefined;
    if (unsaid.items === 0) return;
    this.report(`${unsaid.items} ${this.itemName} are lost (${reason}): ${unsaid.why}`);
    unsaid.items = 0;
    unsaid.timer = setTimeout(() => {
      this.say(reason);
    }, quietMillis);
    unsaid.timer.unref();
  }

  /** Made when it is first needed: before the SDK has started it would count nowhere. */
  private counter(): Counter {
    if (this.exported !== undefined) return this.exported;
    const meter = metrics.getMeter("@observability/telemetry");
    const { name } = this;
    const unit = name === "metric_data_point" ? "{data_point}" : name === "log" ? "{log_record}" : "{span}";
    meter
      .createObservableUpDownCounter(`otel.sdk.exporter.${name}.inflight`, {
        unit,
        description: "Items that wait for their delivery or are on their way",
      })
      .addCallback((result) => {
        result.observe(this.waiting, this.attributes);
      });
    this.exported = meter.createCounter(`otel.sdk.exporter.${name}.exported`, {
      unit,
      description: "Items that were delivered, or lost by the reason in error.type",
    });
    return this.exported;
  }
}
