import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pWaitFor from "p-wait-for";
import { z } from "zod";
import { collectorPorts } from "../config/collector/document.ts";
import type { PreviewResource } from "../components/testing.ts";
import type { Signal } from "../config/parts/part.ts";
import { docker, hostPort } from "./containers.ts";
import { plannedContainer, runArguments, type PlannedContainer } from "./planned-container.ts";
import { logRequests, type Requests } from "./requests.ts";
import type { Variant } from "./variants.ts";

/** What the way of telemetry needs; Grafana and the canary do not belong to it. */
export const workloads = ["loki", "victoria-metrics", "jaeger", "otel-collector"] as const;

/** One of {@link workloads}. */
export type BenchWorkload = (typeof workloads)[number];

/** The ports of each that the bench speaks to: first the one for telemetry. */
const ports = {
  loki: [3100],
  "victoria-metrics": [8428],
  jaeger: [16686],
  "otel-collector": [collectorPorts.otlpHttp, collectorPorts.metrics],
} as const satisfies Readonly<Record<BenchWorkload, readonly number[]>>;

/** Containers as a stack plans them, that run on data of their own. */
export class StackContainers {
  private readonly name = `bench-${randomBytes(4).toString("hex")}`;
  private readonly folder = mkdtempSync(join(tmpdir(), `${this.name}-`));
  private readonly resources: readonly PreviewResource[];

  private constructor(resources: readonly PreviewResource[]) {
    this.resources = resources;
  }

  /**
   * Runs something with the containers, and removes all that they had.
   *
   * @param resources of the preview of a stack
   * @param variant what is different from what the stack plans
   */
  static async with<Value>(
    resources: readonly PreviewResource[],
    variant: Variant,
    use: (containers: StackContainers) => Promise<Value>,
  ): Promise<Value> {
    const containers = new StackContainers(resources);
    try {
      await containers.start(variant);
      return await use(containers);
    } finally {
      await containers.remove();
    }
  }

  /** Name of a container. */
  of(workload: BenchWorkload): string {
    return `${this.name}-${workload}`;
  }

  /** Where a container is reached from this machine. @param port one of those that the bench speaks to */
  async urlOf(workload: BenchWorkload, port: number = ports[workload][0]): Promise<string> {
    return `http://127.0.0.1:${await hostPort(this.of(workload), port)}`;
  }

  /** Where the Collector takes OTLP, once it does and what all of them do at their start is over. */
  async collector(): Promise<string> {
    const url = await this.urlOf("otel-collector");
    const warmUp = logRequests("warm-up", 100, 350);
    await pWaitFor(async () => (await unless(post(url, warmUp, 0))) === 200, { interval: 500, timeout: 60_000 });
    await sleep(3000);
    return url;
  }

  /** Whether a container has ended, by whatever it was. Nothing starts it again. */
  async hasEnded(workload: BenchWorkload): Promise<boolean> {
    return (await docker("inspect", "--format", "{{.State.Running}}", this.of(workload))) !== "true";
  }

  /** Memory that a container may have, in MiB. */
  memoryMib(workload: BenchWorkload): number {
    return this.planned(workload).memory;
  }

  /** Whether a container was killed for memory. */
  async isKilled(workload: BenchWorkload): Promise<boolean> {
    return (await docker("inspect", "--format", "{{.State.OOMKilled}}", this.of(workload))) === "true";
  }

  /** Bytes on disk of what each keeps, without its write-ahead log, which does not grow with the retention. */
  async diskBytes(): Promise<ReadonlyMap<BenchWorkload, number>> {
    const mounts = workloads.flatMap((workload) =>
      this.planned(workload).volumes.flatMap((_, index) => [
        ...["--volume", `${this.of(workload)}-${index}:/data/${workload}/${index}:ro`],
      ]),
    );
    // A file may go between the two commands.
    const files = await this.asRoot(mounts, "find /data -path '*/wal' -prune -o -type f -exec du -k {} + || true");
    const kib = (workload: BenchWorkload): number =>
      [...files.matchAll(new RegExp(`^(\\d+)\\t/data/${workload}/`, "gm"))].reduce(
        (sum, [, size]) => sum + Number(size),
        0,
      );
    return new Map(workloads.map((workload) => [workload, kib(workload) * 1024]));
  }

  private async start(variant: Variant): Promise<void> {
    const { name } = this;
    await docker("network", "create", "--label", `bench=${name}`, name);
    const run = async (workload: BenchWorkload): Promise<void> => {
      const container = this.varied(workload, variant);
      const id = this.of(workload);
      const volume = (index: number): string => `${id}-${index}`;
      for (const index of container.volumes.keys()) {
        await docker("volume", "create", "--label", `bench=${name}`, volume(index));
        await this.asRoot(["--volume", `${volume(index)}:/data`], `chown -R ${container.user ?? "10001:10001"} /data`);
      }
      await docker(
        ...["run", "--detach", "--name", id, "--label", `bench=${name}`, "--network", name],
        ...["--network-alias", workload, ...ports[workload].flatMap((port) => ["--publish", `127.0.0.1::${port}`])],
        ...runArguments(container, this.folder, volume),
      );
    };
    await Promise.all(workloads.map(run));
  }

  /** A container as the stack plans it, but for the variant. */
  private varied(workload: BenchWorkload, variant: Variant): PlannedContainer {
    const container = this.planned(workload);
    const uploads = container.uploads.map(({ file, content }) => ({
      file,
      content: typeof content === "string" ? (variant.file?.(workload, content) ?? content) : content,
    }));
    const { envs, memory } = variant.container?.(workload, container) ?? container;
    return { ...container, envs: [...envs], memory, uploads };
  }

  /** Runs a shell's command in the image by which the stack itself hands a volume to its user. */
  private asRoot(options: readonly string[], command: string): Promise<string> {
    const { image } = this.planned("loki-data-owner");
    const shell = ["--entrypoint", "/bin/sh"];
    return docker("run", "--rm", "--user", "0", ...shell, ...options, image, "-c", command);
  }

  private planned(workload: string): PlannedContainer {
    return plannedContainer(this.resources, workload);
  }

  private async remove(): Promise<void> {
    const labelled = ["--quiet", "--filter", `label=bench=${this.name}`];
    const found = async (...list: readonly string[]): Promise<readonly string[]> =>
      (await docker(...list, ...labelled)).split("\n").filter((line) => line !== "");
    await docker("rm", "--force", "--volumes", ...(await found("container", "ls", "--all")));
    await docker("volume", "rm", ...(await found("volume", "ls")));
    await docker("network", "rm", ...(await found("network", "ls")));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// More connections than a machine has clients cost the Collector more than they bring.
const agent = new Agent({ keepAlive: true, maxSockets: 256 });

/** Sends the next request; returns the status of the answer. */
export function post(collector: string, requests: Requests, firstNumber: number): Promise<number> {
  return postBody(collector, requests.signal, requests.next(firstNumber));
}

/** How long OpenTelemetry's SDKs wait for an answer. */
const answerMillis = 10_000;

/** Sends a request, and waits for the answer as long as an SDK does. @throws Error if there is none */
export function sender(collector: string): (signal: Signal, body: Buffer) => Promise<number> {
  return (signal, body) => postBody(collector, signal, body, AbortSignal.timeout(answerMillis));
}

function postBody(collector: string, to: Signal, body: Buffer, end?: AbortSignal): Promise<number> {
  const headers = { "content-type": "application/x-protobuf", "content-length": body.length };
  return new Promise((resolve, reject) => {
    request(`${collector}/v1/${to}`, { agent, method: "POST", headers, signal: end }, (answer) => {
      const { statusCode = 0 } = answer;
      answer
        .resume()
        .on("end", () => {
          resolve(statusCode);
        })
        .on("error", reject);
    })
      .on("error", reject)
      .end(body);
  });
}

/** What is asked for, or `undefined` where nobody answers. */
export function unless<Value>(asked: Promise<Value>): Promise<Value | undefined> {
  return asked.catch(() => undefined);
}

/** Values of a metric that a part shows of itself, by the value of one of its labels. @param url of its metrics */
export async function shownValues(url: string, metric: string, label: string): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.matchAll(new RegExp(`^${metric}\\{(?:[^}]*,)?${label}="([^"]*)"[^}]*\\} (\\S+)$`, "gm"));
  const values = new Map<string, number>();
  for (const [, name = "", value] of lines) values.set(name, (values.get(name) ?? 0) + Number(value));
  return values;
}

const answered = z.object({
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
});

/**
 * The number that a store answers to a query, 0 if it has none.
 *
 * @param api of a store that is asked as Prometheus is
 * @param parameters beside the query
 */
export async function firstValue(
  api: string,
  query: string,
  parameters: Readonly<Record<string, string>> = {},
): Promise<number> {
  const answer = await fetch(`${api}/query?${new URLSearchParams({ query, ...parameters }).toString()}`);
  return Number(answered.parse(await answer.json()).data.result[0]?.value[1] ?? 0);
}

/** How many lines Loki has of services of the bench. @param loki its address */
export function storedLines(loki: string): Promise<number> {
  return firstValue(`${loki}/loki/api/v1`, 'sum(count_over_time({service_name=~"bench-.*"}[1h]))');
}
