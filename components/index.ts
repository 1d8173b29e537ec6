export { InstrumentedService } from "./instrumented-service.ts";
export type { InstrumentedServiceArgs, ServiceBuild, ServiceHealthCheck, ServicePort } from "./instrumented-service.ts";
export { ObservabilityStack } from "./observability-stack.ts";
export type { ObservabilityStackArgs, StackUrls } from "./observability-stack.ts";
