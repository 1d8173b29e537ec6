import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pWaitFor from "p-wait-for";
import { z } from "zod";
import type { PreviewResource } from "../components/testing.ts";
import { docker, hostPort } from "./containers.ts";
import { plannedContainer, runArguments, type PlannedContainer } from "./planned-container.ts";
import { logRequests, type Requests } from "./requests.ts";
import type { Variant } from "./variants.ts";

/** What the way of telemetry needs; Grafana and the canary do not belong to it. */
export const workloads = ["loki", "victoria-metrics", "jaeger", "otel-collector"] as const;

/** One of {@link workloads}. */
export type BenchWorkload = (typeof workloads)[number];

/** The port of each that the bench speaks to. */
const ports: Readonly<Record<BenchWorkload, number>> = {
  loki: 3100,
  "victoria-metrics": 8428,
  jaeger: 16686,
  "otel-collector": 4318,
};

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

  /** Where a container is reached from this machine. */
  async urlOf(workload: BenchWorkload): Promise<string> {
    return `http://127.0.0.1:${await hostPort(this.of(workload), ports[workload])}`;
  }

  /** Where the Collector takes OTLP, once it does and what all of them do at their start is over. */
  async collector(): Promise<string> {
    const url = await this.urlOf("otel-collector");
    const warmUp = logRequests("warm-up", 100, 350);
    await pWaitFor(async () => (await unless(post(url, warmUp, 0))) === 200, { interval: 500, timeout: 60_000 });
    await sleep(3000);
    return url;
  }

  /** Whether a container was killed for memory. */
  async isKilled(workload: BenchWorkload): Promise<boolean> {
    return (await docker("inspect", "--format", "{{.State.OOMKilled}}", this.of(workload))) === "true";
  }

  /** Bytes on disk of what a container keeps, without its write-ahead log, which does not grow with the retention. */
  async diskBytes(workload: BenchWorkload): Promise<number> {
    const { volumes } = this.planned(workload);
    const mounts = volumes.flatMap((_, index) => ["--volume", `${this.of(workload)}-${index}:/data/${index}:ro`]);
    const kib = await this.asRoot(mounts, "find /data -path '*/wal' -prune -o -type f -exec du -k {} +");
    return kib.split("\n").reduce((sum, line) => sum + Number(line.split("\t")[0]), 0) * 1024;
  }

  private async start(variant: Variant): Promise<void> {
    const { name } = this;
    await docker("network", "create", "--label", `bench=${name}`, name);
    for (const workload of workloads) {
      const container = this.varied(workload, variant);
      const id = this.of(workload);
      const volume = (index: number): string => `${id}-${index}`;
      for (const index of container.volumes.keys()) {
        await docker("volume", "create", "--label", `bench=${name}`, volume(index));
        await this.asRoot(["--volume", `${volume(index)}:/data`], `chown -R ${container.user ?? "10001:10001"} /data`);
      }
      await docker(
        ...["run", "--detach", "--name", id, "--label", `bench=${name}`, "--network", name],
        ...["--network-alias", workload, "--publish", `127.0.0.1::${ports[workload]}`],
        ...runArguments(container, this.folder, volume),
      );
    }
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

const agent = new Agent({ keepAlive: true });

/** Sends the next request; returns the status of the answer. */
export function post(collector: string, requests: Requests, firstNumber: number): Promise<number> {
  const body = requests.next(firstNumber);
  const headers = { "content-type": "application/x-protobuf", "content-length": body.length };
  return new Promise((resolve, reject) => {
    request(`${collector}${requests.path}`, { agent, method: "POST", headers }, (answer) => {
      answer.resume().on("end", () => {
        resolve(answer.statusCode ?? 0);
      });
    })
      .on("error", reject)
      .end(body);
  });
}

/** What is asked for, or `undefined` where nobody answers. */
export function unless<Value>(asked: Promise<Value>): Promise<Value | undefined> {
  return asked.catch(() => undefined);
}

const answered = z.object({
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
});

/** The number that a store answers to a query, 0 if it has none. @param api of a store that is asked as Prometheus is */
export async function firstValue(api: string, query: string): Promise<number> {
  const answer = await fetch(`${api}/query?${new URLSearchParams({ query }).toString()}`);
  return Number(answered.parse(await answer.json()).data.result[0]?.value[1] ?? 0);
}

/** How many lines Loki has of services of the bench. @param loki its address */
export function storedLines(loki: string): Promise<number> {
  return firstValue(`${loki}/loki/api/v1`, 'sum(count_over_time({service_name=~"bench-.*"}[1h]))');
}
