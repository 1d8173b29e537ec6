import type { JudgedProcess } from "../../cli/why/environment.ts";
import { languageOf, type ServiceProcess } from "../../cli/why/service-process.ts";

/** A container on the stack's network that sends everything by HTTP, with what a test has otherwise. */
export function serviceProcess(changed: Partial<ServiceProcess> = {}): ServiceProcess {
  return {
    name: "container checkout",
    aliases: ["checkout"],
    state: "running",
    isRunning: true,
    startedMillis: undefined,
    env: rightEnv,
    hiddenEnv: {},
    command: ["./checkout"],
    languageInside: () => Promise.resolve(undefined),
    hasOwnLocalhost: true,
    apart: undefined,
    collector: { grpc: "http://otel-collector:4317", http: "http://otel-collector:4318" },
    connection: () => Promise.resolve({ notTried: "it is prepared" }),
    lastLines: () => Promise.resolve(""),
    ...changed,
  };
}

/** A process as its environment is judged, of the language that its command says unless a test has another. */
export function judgedProcess(changed: Partial<JudgedProcess> = {}): JudgedProcess {
  const process = serviceProcess(changed);
  return { ...process, language: languageOf(process), ...changed };
}

/** An environment with which everything arrives. */
export const rightEnv: Readonly<Record<string, string>> = {
  OTEL_SERVICE_NAME: "shop-checkout",
  OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel-collector:4318",
  OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
};
