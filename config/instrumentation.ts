import { posix } from "node:path";
import type { OtlpProtocol } from "./otel-env.ts";
import { problemIf, type Problem } from "./problem.ts";
import { registryPrefix } from "./rules.ts";

/** Languages whose services send telemetry without a line of code. */
export const instrumentedLanguages = ["nodejs", "python", "java"] as const;

/** One of {@link instrumentedLanguages}. */
export type InstrumentedLanguage = (typeof instrumentedLanguages)[number];

/** Stands for the image that this repository builds itself, from the folder `instrumentation/`. */
export const builtHere = "built here";

/** Names in the setting `images` of what a language's services copy from. That of Node.js is built here, upon Node.js's own. */
export const instrumentImageNames = { python: "instrumentPython", java: "instrumentJava" } as const;

/** How a service is instrumented from outside: files from an image, and variables that make its runtime load them. */
export interface Instrumentation {
  /** Image with the files and a `cp`, without its registry; {@link builtHere} for this repository's own. */
  readonly image: string;
  /** The files in the image, as `cp -r` takes them. */
  readonly from: string;
  /** Where the service finds them. */
  readonly path: string;
  /** The protocols that it knows, its own first. */
  readonly protocols: readonly [OtlpProtocol, ...OtlpProtocol[]];
  /** The variable that loads it, and its value beside what the service has there already. */
  readonly loader: { readonly name: string; readonly value: (given: string) => string };
  /** What the dashboards of the stack need beyond that. A service's own variables come before these. */
  readonly env: Readonly<Record<string, string>>;
}

/** Where the images of OpenTelemetry's operator are, and their path there. */
const registry = "ghcr.io";
const repository = "open-telemetry/opentelemetry-operator";

/** Mounted at the same place as the operator does, since paths are in its images' documentation. */
const folder = (language: InstrumentedLanguage): string => `/otel-auto-instrumentation-${language}`;

/**
 * Where the images of OpenTelemetry's operator have their files, and what it sets for them
 * (github.com/open-telemetry/opentelemetry-operator, internal/instrumentation). The versions are those of its 0.158.0.
 */
export const instrumentations: Readonly<Record<InstrumentedLanguage, Instrumentation>> = {
  nodejs: {
    image: builtHere,
    from: "/autoinstrumentation/.",
    path: folder("nodejs"),
    protocols: ["grpc", "http/protobuf"],
    loader: {
      name: "NODE_OPTIONS",
      // First: what is loaded after it can be traced.
      value: (given) => joined(" ", `--import=${posix.join(folder("nodejs"), "register.mjs")}`, given),
    },
    env: {},
  },
  python: {
    image: `${repository}/autoinstrumentation-python:0.64b0`,
    from: "/autoinstrumentation/.",
    path: folder("python"),
    // gRPC comes as machine code for one version of Python.
    protocols: ["http/protobuf"],
    loader: {
      name: "PYTHONPATH",
      // The first has the `sitecustomize` that starts it; the service's own packages come before the mounted ones.
      value: (given) =>
        joined(":", `${folder("python")}/opentelemetry/instrumentation/auto_instrumentation`, given, folder("python")),
    },
    env: {
      OTEL_TRACES_EXPORTER: "otlp",
      OTEL_METRICS_EXPORTER: "otlp",
      OTEL_LOGS_EXPORTER: "otlp",
    },
  },
  java: {
    image: `${repository}/autoinstrumentation-java:2.30.0`,
    from: "/javaagent.jar",
    path: folder("java"),
    protocols: ["grpc", "http/protobuf"],
    loader: {
      name: "JAVA_TOOL_OPTIONS",
      value: (given) => joined(" ", `-javaagent:${folder("java")}/javaagent.jar`, given),
    },
    env: {},
  },
};

/** The image of a language. @param mirror registry and path that take the place of its own; empty for its own */
export function instrumentationImage(language: keyof typeof instrumentImageNames, mirror: string): string {
  return `${registryPrefix(mirror === "" ? registry : mirror)}${instrumentations[language].image}`;
}

function joined(separator: string, ...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(separator);
}

/** The problems of arguments that a service's instrumentation does not support; the paths begin with an argument's name. */
export function instrumentProblems(args: {
  readonly instrument?: InstrumentedLanguage | undefined;
  readonly instrumentImage?: string | undefined;
  readonly protocol?: OtlpProtocol | undefined;
  readonly telemetry: boolean;
}): readonly Problem[] {
  const { instrument, instrumentImage, protocol, telemetry } = args;
  if (instrument === undefined) {
    const rule = "must be left out where nothing is instrumented";
    const change = "add `instrument`, or remove it";
    return problemIf(instrumentImage !== undefined, "instrumentImage", rule, instrumentImage, change);
  }
  const { protocols } = instrumentations[instrument];
  const isKnown = protocol === undefined || protocols.includes(protocol);
  const known = `must be ${protocols.join(" or ")} with instrument ${instrument}, which knows no other`;
  const without = "must be left out of a service without telemetry";
  return [
    ...problemIf(!telemetry, "instrument", without, instrument, "remove it, or `telemetry: false`"),
    ...problemIf(!isKnown, "protocol", known, protocol, "leave it out"),
  ];
}
