export { InstrumentedService } from "./instrumented-service.ts";
export type { InstrumentedServiceArgs } from "./instrumented-service.ts";
export type { ServiceInput, ServiceBuild, ServiceHealthCheck, ServicePort } from "../config/service-args.ts";
export { instrument, instrumentation, otelEnvFor } from "./instrument.ts";
export type { EnvironmentOptions, InstrumentOptions, TelemetryOptions } from "./instrument.ts";
export { JoinedStack } from "./joined-stack.ts";
export type { JoinedStackArgs } from "./joined-stack.ts";
export type { StackConnection } from "../config/stack-connection.ts";
export { ObservabilityStack } from "./observability-stack.ts";
export type { ObservabilityStackArgs, StackUrls } from "./observability-stack.ts";
export type {
  Footprint,
  PreviewFile,
  PreviewInstance,
  PreviewPort,
  PreviewVolume,
  ProgramPreview,
} from "./preview/preview-program.ts";
export { previewStack } from "./preview/preview-stack.ts";
export type { StackPreview, StackPreviewOptions } from "./preview/preview-stack.ts";
export type { PreviewResource } from "./preview/record-program.ts";
export { secretValue, unknownValue } from "./preview/values.ts";
export type { PreviewValue, PreviewValues } from "./preview/values.ts";
