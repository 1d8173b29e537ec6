export { collectTelemetry } from "./collect-telemetry.ts";
export type { TelemetryCollector } from "./collect-telemetry.ts";
export type {
  CollectedLog,
  CollectedMetric,
  CollectedPoint,
  CollectedSpan,
  ExpectedLog,
  ExpectedMetric,
  ExpectedSpan,
} from "./collected.ts";
