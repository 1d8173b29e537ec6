/** One of the services whose telemetry is recorded. Each asks the next one for an order, the last one has it. */
export interface RecordedService {
  readonly name: string;
  /** The language, which is a folder of `clients/`, and a file of `recorded/`. */
  readonly language: "nodejs" | "python" | "java" | "go";
  readonly protocol: "grpc" | "http/protobuf";
}

/** The services, in the order in which one asks another. */
export const recordedServices: readonly RecordedService[] = [
  { name: "orders-nodejs", language: "nodejs", protocol: "grpc" },
  { name: "orders-python", language: "python", protocol: "http/protobuf" },
  { name: "orders-java", language: "java", protocol: "grpc" },
  { name: "orders-go", language: "go", protocol: "grpc" },
];

/** Their `service.namespace`. */
export const recordedNamespace = "recorded";
