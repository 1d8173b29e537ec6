export { startTelemetry } from "./start-telemetry.ts";
export type { Telemetry } from "./start-telemetry.ts";
export { redact, redactText } from "./redaction/redact.ts";
export type { Logger } from "pino";
