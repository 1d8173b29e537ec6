import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { testedImages } from "./images.ts";
import { pythonInstrumentation } from "./python.ts";
import { succeed } from "./run.ts";
import type { Workspace } from "./workspace.ts";

/** A service that is started with a mistake in its environment, and what `npm run why` has to say of it first. */
export interface Mistake {
  readonly service: string;
  /**
   * A container with the SDK of the language; one with a program of Go, which is the stack's own VictoriaMetrics again; or
   * a process of this machine, of Node.js or of Java.
   */
  readonly runs: "nodejs" | "python" | "go" | "here" | "java";
  readonly env: Readonly<Record<string, string>>;
  readonly cause: string;
  readonly next: string;
}

const inner = { grpc: "http://otel-collector:4317", http: "http://otel-collector:4318" } as const;
const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
const protocol = "OTEL_EXPORTER_OTLP_PROTOCOL";
const byHttp = { [protocol]: "http/protobuf" };

/** @param httpUrl address of OTLP over HTTP on this machine */
export function mistakes(httpUrl: string): readonly Mistake[] {
  const right = `start it with ${endpoint}=${inner.http} and ${protocol}=http/protobuf`;
  return [
    {
      service: "grpc-on-http",
      runs: "nodejs",
      env: { [endpoint]: inner.http, [protocol]: "grpc" },
      cause: `${protocol}=grpc to ${endpoint}="${inner.http}": port 4318 speaks HTTP`,
      next: `start it with ${protocol}=http/protobuf, or with ${endpoint}=${inner.grpc}`,
    },
    {
      service: "http-on-grpc",
      runs: "python",
      env: { [endpoint]: inner.grpc, ...byHttp },
      cause: `${protocol}=http/protobuf to ${endpoint}="${inner.grpc}": port 4317 speaks gRPC`,
      next: `start it with ${protocol}=grpc, or with ${endpoint}=${inner.http}`,
    },
    {
      service: "with-tls",
      runs: "python",
      env: { [endpoint]: "https://otel-collector:4318", ...byHttp },
      cause: `${endpoint}="https://otel-collector:4318": the Collector speaks no TLS, so https:// fails`,
      next: right,
    },
    {
      service: "without-scheme",
      runs: "nodejs",
      env: { [endpoint]: "otel-collector:4318", ...byHttp },
      cause: `${endpoint}="otel-collector:4318" has no http:// in front`,
      next: right,
    },
    {
      service: "wrong-path",
      runs: "nodejs",
      env: { [endpoint]: `${inner.http}/v1/traces`, ...byHttp },
      cause: `${endpoint}="${inner.http}/v1/traces": an SDK adds /v1/logs, /v1/traces or /v1/metrics to it, and the Collector answers 404 there`,
      next: `start it with ${endpoint}=${inner.http}`,
    },
    {
      service: "switched-off",
      runs: "python",
      env: { [endpoint]: inner.http, ...byHttp, OTEL_SDK_DISABLED: "true" },
      cause: "OTEL_SDK_DISABLED=true switches the SDK off",
      next: "start it without OTEL_SDK_DISABLED",
    },
    {
      service: "not-switched-off",
      runs: "go",
      env: { [endpoint]: inner.http, ...byHttp, OTEL_SDK_DISABLED: "true" },
      cause: "perhaps: OTEL_SDK_DISABLED=true is ignored by Go's SDK, but the code may read it",
      next: "start it without OTEL_SDK_DISABLED",
    },
    {
      service: "without-headers",
      runs: "java",
      env: { [endpoint]: httpUrl, ...byHttp, OTEL_EXPORTER_OTLP_HEADERS: "token" },
      cause:
        "OTEL_EXPORTER_OTLP_HEADERS has 1 part(s) that are no key=value with a percent-encoded value: the Java agent then does not start",
      next: "write OTEL_EXPORTER_OTLP_HEADERS as key=value,key=value; what is in it is not shown",
    },
    {
      service: "nameless",
      runs: "python",
      env: { [endpoint]: inner.http, ...byHttp, OTEL_SERVICE_NAME: "" },
      cause: "it has no name: OTEL_SERVICE_NAME is not set, so unless its code says one it is unknown_service:PROGRAM",
      next: "start it with OTEL_SERVICE_NAME=NAME",
    },
    {
      service: "inner-name-outside",
      runs: "here",
      env: { [endpoint]: inner.http, ...byHttp },
      cause: `${endpoint}="${inner.http}": otel-collector is a name of the stack's own network, which a process on this machine cannot resolve`,
      next: `start it with ${endpoint}=${httpUrl} and ${protocol}=http/protobuf`,
    },
  ];
}

const mounted = "/otel-auto-instrumentation-nodejs";
const python = "import logging, time\nwhile True:\n  logging.warning('tick')\n  time.sleep(0.5)";
const javascript = "setInterval(() => console.log('tick'), 500)";

/**
 * Starts services with mistakes beside a stack that has a service of Node.js instrumented as `plain`, and one of Python.
 *
 * @returns what removes them
 */
export async function startMistaken(workspace: Workspace, all: readonly Mistake[]): Promise<() => Promise<void>> {
  const { name } = workspace;
  const children: ChildProcess[] = [];
  const containerOf = ({ service }: Mistake): string => `${name}-${service}`;
  const isHere = ({ runs }: Mistake): boolean => runs === "here" || runs === "java";
  const inContainers = all.filter((mistake) => !isHere(mistake));
  for (const mistake of all) {
    const env = { OTEL_SERVICE_NAME: mistake.service, ...mistake.env };
    if (mistake.runs === "here" || mistake.runs === "java") {
      const [program, ...args] = {
        here: [process.execPath, "--eval", `${javascript}; console.log()`] as const,
        java: ["java", join(import.meta.dirname, "..", "fixtures", "Waits.java")] as const,
      }[mistake.runs];
      const child = spawn(program, args, { env: { ...process.env, ...env } });
      await once(child.stdout, "data");
      children.push(child);
      continue;
    }
    const variables = Object.entries(env).flatMap(([key, value]) => ["--env", `${key}=${value}`]);
    const how = {
      nodejs: [
        ...[
          "--volume",
          `${name}_plain-instrumentation:${mounted}:ro`,
          "--env",
          `NODE_OPTIONS=--import=${mounted}/register.mjs`,
        ],
        ...["--entrypoint", "node", testedImages.node, "--eval", javascript],
      ],
      python: [
        ...[
          "--env",
          "PYTHONPATH=/autoinstrumentation/opentelemetry/instrumentation/auto_instrumentation:/autoinstrumentation",
        ],
        ...["--entrypoint", "python3", pythonInstrumentation(name), "-c", python],
      ],
      go: [testedImages.victoriaMetrics],
    }[mistake.runs];
    await succeed("docker", [
      "run",
      "--detach",
      "--name",
      containerOf(mistake),
      "--network",
      name,
      ...variables,
      ...how,
    ]);
  }
  return async () => {
    for (const child of children) child.kill("SIGKILL");
    await succeed("docker", ["rm", "--force", "--volumes", ...inContainers.map(containerOf)]);
  };
}
