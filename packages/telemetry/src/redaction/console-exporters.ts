import type { ExportResult } from "@opentelemetry/core";
import { ConsoleLogRecordExporter, type ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { ConsoleMetricExporter, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { ConsoleSpanExporter, type ReadableSpan } from "@opentelemetry/sdk-trace";
import type { SignalRedaction } from "./signals.ts";

/** OpenTelemetry's exporters to the console, of what is redacted: what is on stdout is collected as well. */
export class RedactedConsoleSpanExporter extends ConsoleSpanExporter {
  private readonly redact: SignalRedaction["span"];

  constructor({ span }: SignalRedaction) {
    super();
    this.redact = span;
  }

  override export(spans: ReadableSpan[], resultCallback: (result: ExportResult) => void): void {
    super.export(spans.map(this.redact), resultCallback);
  }
}

/** See {@link RedactedConsoleSpanExporter}. */
export class RedactedConsoleLogRecordExporter extends ConsoleLogRecordExporter {
  private readonly redact: SignalRedaction["logRecord"];

  constructor({ logRecord }: SignalRedaction) {
    super();
    this.redact = logRecord;
  }

  override export(records: ReadableLogRecord[], resultCallback: (result: ExportResult) => void): void {
    super.export(records.map(this.redact), resultCallback);
  }
}

/** See {@link RedactedConsoleSpanExporter}. */
export class RedactedConsoleMetricExporter extends ConsoleMetricExporter {
  private readonly redact: SignalRedaction["resourceMetrics"];

  constructor({ resourceMetrics }: SignalRedaction) {
    super();
    this.redact = resourceMetrics;
  }

  override export(metrics: ResourceMetrics, resultCallback: (result: ExportResult) => void): void {
    super.export(this.redact(metrics), resultCallback);
  }
}
