export { startTelemetry } from "./start-telemetry.ts";
export type { Telemetry } from "./start-telemetry.ts";
export { redact, redactText } from "./redaction/redactor.ts";
export type { Logger } from "pino";
