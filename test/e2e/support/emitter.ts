import { z } from "zod";
import { otelEnv, type OtlpProtocol } from "../../../config/otel-env.ts";
import type { StackOutputs } from "../../../cli/outputs.ts";
import type { GrafanaClient } from "../../../cli/grafana-client.ts";
import { shownEnv } from "../../support/workload-view.ts";
import { testedImages } from "./images.ts";
import { logs } from "./loki.ts";
import { succeed } from "./run.ts";
import type { Workspace } from "./workspace.ts";

/** A container that writes numbered log lines and spans, with exactly the environment that a service is given. */
export class Emitter {
  readonly serviceName: string;
  private readonly container: string;

  private constructor(container: string, serviceName: string) {
    this.container = container;
    this.serviceName = serviceName;
  }

  static async start(
    workspace: Workspace,
    name: string,
    protocol: OtlpProtocol,
    pace: readonly number[],
  ): Promise<Emitter> {
    const container = `${workspace.name}-${name}`;
    const env = otelEnv(
      {
        serviceName: name,
        serviceNamespace: "e2e",
        serviceVersion: "0.0.0",
        environment: "e2e",
        serviceInstanceId: container,
        platformAttributes: {},
      },
      protocol,
    );
    await succeed("docker", [
      "run",
      "--detach",
      "--init",
      "--name",
      container,
      "--network",
      workspace.name,
      "--memory",
      "192m",
      "--label",
      `observability.name=${workspace.name}`,
      "--volume",
      `${workspace.folder}:/app:ro`,
      ...Object.entries(shownEnv(env)).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
      testedImages.node,
      "node",
      "--conditions=@observability/source",
      "/app/test/e2e/fixtures/numbered-emitter.ts",
      ...pace.map(String),
    ]);
    return new Emitter(container, name);
  }

  /** Numbers of the lines it has written to stdout. */
  async written(): Promise<readonly number[]> {
    return numbersIn((await succeed("docker", ["logs", this.container])).split("\n"));
  }

  /** Everything it printed, stdout and stderr. */
  async printed(): Promise<string> {
    return succeed("sh", ["-c", 'docker logs "$0" 2>&1', this.container]);
  }

  /** Waits until it has ended by itself; returns its exit code. */
  async ended(): Promise<number> {
    return Number((await succeed("docker", ["wait", this.container])).trim());
  }

  /** SIGTERM, and SIGKILL after the grace that every service has; returns its exit code. */
  async stop(): Promise<number> {
    await succeed("docker", ["stop", "--time", "30", this.container]);
    return this.ended();
  }

  /** Numbers of the lines that Loki has. */
  async storedLogs(grafana: GrafanaClient): Promise<readonly number[]> {
    return storedLogs(grafana, this.serviceName);
  }

  /** Numbers of the spans that Jaeger has. */
  async storedSpans(outputs: StackOutputs): Promise<readonly number[]> {
    return storedSpans(outputs.urls.jaeger ?? "", this.serviceName);
  }
}

/** Numbers of a service's lines that Loki has. */
export async function storedLogs(grafana: GrafanaClient, serviceName: string): Promise<readonly number[]> {
  return numbersIn((await logs(grafana, `{service_name="${serviceName}"}`)).map((log) => log.line));
}

/** Numbers of a service's spans that Jaeger has. */
export async function storedSpans(jaeger: string, serviceName: string): Promise<readonly number[]> {
  const parameters = new URLSearchParams({ service: serviceName, limit: "5000", lookback: "1h" });
  const answer = await fetch(`${jaeger}/api/traces?${parameters.toString()}`);
  const { data } = traces.parse(await answer.json());
  const found = data.flatMap(({ spans }) => spans.flatMap(({ tags }) => tags.filter(({ key }) => key === "number")));
  return distinct(found.map(({ value }) => Number(value)));
}

const traces = z.object({
  data: z.array(
    z.object({ spans: z.array(z.object({ tags: z.array(z.object({ key: z.string(), value: z.unknown() })) })) }),
  ),
});

/** The numbers in lines of the emitter, each once, in order. */
export function numbersIn(lines: readonly string[]): readonly number[] {
  const found = lines.map((line) => /"number":(\d+)/.exec(line)?.[1]).filter((digits) => digits !== undefined);
  return distinct(found.map(Number));
}

function distinct(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
