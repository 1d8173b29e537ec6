import { z } from "zod";
import { addressOf } from "../../../config/parts/part.ts";
import { parts } from "../../../config/parts/parts.ts";
import type { StackOutputs } from "../../../cli/outputs.ts";
import { run, succeed } from "./run.ts";

/** A request that deletes, stops, slows down or changes a part, as its upstream documents it. */
export interface DestructiveRequest {
  readonly part: "loki" | "victoriaMetrics" | "jaeger" | "grafana";
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  /** What a form on a web page would send. @default nothing */
  readonly form?: string;
  /** What a refusal says, where its status does not tell. @default 401, 403, 404 or 405 is a refusal */
  readonly refusal?: string;
}

const selector = "start=0&query=%7Bservice_name%3D~%22.%2B%22%7D";

/**
 * Every one of them, with arguments that would have an effect.
 *
 * - Loki: grafana.com/docs/loki/latest/reference/loki-http-api, and what `pkg/loki/modules.go` and `loki.go` register
 *   for other methods than GET.
 * - VictoriaMetrics: docs.victoriametrics.com/victoriametrics/single-server-victoriametrics, and each use of
 *   `CheckAuthFlag` in `app/vminsert`, `app/vmselect`, `app/vmstorage` and `lib/httpserver`.
 * - Jaeger: jaegertracing.io/docs/latest/architecture/apis, and `cmd/jaeger/internal/extension/jaegerquery`.
 * - Grafana: its own description of its API, all of it that does not only read.
 * - Collector: it documents none. What its extensions could be asked is on ports of their own, see {@link openPorts}.
 *
 * @param lokiInstance how Loki's ring calls its one member
 * @param grafanaApi {@link grafanaApiOf} the Grafana that is asked
 */
export function destructiveRequests(lokiInstance: string, grafanaApi: unknown): readonly DestructiveRequest[] {
  const forget = { part: "loki", method: "POST", form: `forget=${lokiInstance}` } as const;
  return [
    { part: "loki", method: "POST", path: `/loki/api/v1/delete?${selector}` },
    { part: "loki", method: "PUT", path: `/loki/api/v1/delete?${selector}` },
    { part: "loki", method: "DELETE", path: "/loki/api/v1/delete?request_id=1" },
    ...["/loki/api/v1/rules", "/api/prom/rules"].flatMap((rules): readonly DestructiveRequest[] => [
      { part: "loki", method: "POST", path: `${rules}/any`, form: "name: group" },
      { part: "loki", method: "DELETE", path: `${rules}/any/any` },
      { part: "loki", method: "DELETE", path: `${rules}/any` },
    ]),
    { part: "loki", method: "PUT", path: "/sync-indexes" },
    { part: "loki", method: "POST", path: "/flush" },
    { part: "loki", method: "POST", path: "/flush/tenant" },
    { part: "loki", method: "POST", path: "/log_level", form: "log_level=warn" },
    { part: "loki", method: "GET", path: "/debug/pprof/profile?seconds=1" },
    { part: "loki", method: "POST", path: "/debug/fgprof?seconds=1" },
    { part: "loki", method: "POST", path: "/ingester/prepare_partition_downscale" },
    { part: "loki", method: "POST", path: "/ingester/prepare_shutdown" },
    { part: "loki", method: "DELETE", path: "/ingester/prepare_shutdown" },
    ...["/indexgateway/ring", "/scheduler/ring", "/ruler/ring", "/pattern/ring", "/partition-ring", "/ui/ring"].map(
      (path) => ({ ...forget, path }),
    ),
    ...["/compactor/ring", "/distributor/ring", "/ring"].map((path) => ({ ...forget, path })),
    { part: "loki", method: "POST", path: "/ingester/shutdown" },

    { part: "victoriaMetrics", method: "POST", path: "/api/v1/admin/tsdb/delete_series?match[]=up" },
    { part: "victoriaMetrics", method: "POST", path: "/prometheus/api/v1/admin/tsdb/delete_series?match[]=up" },
    { part: "victoriaMetrics", method: "POST", path: "/tags/delSeries?path=any" },
    { part: "victoriaMetrics", method: "GET", path: "/graphite/tags/delSeries?path=any" },
    { part: "victoriaMetrics", method: "POST", path: "/api/v1/admin/tsdb/snapshot" },
    { part: "victoriaMetrics", method: "GET", path: "/snapshot/create" },
    { part: "victoriaMetrics", method: "GET", path: "/snapshot/delete?snapshot=any" },
    { part: "victoriaMetrics", method: "GET", path: "/snapshot/delete_all" },
    { part: "victoriaMetrics", method: "GET", path: "/internal/force_merge" },
    { part: "victoriaMetrics", method: "GET", path: "/internal/force_flush" },
    { part: "victoriaMetrics", method: "GET", path: "/internal/log_new_series" },
    { part: "victoriaMetrics", method: "GET", path: "/internal/resetRollupResultCache" },
    { part: "victoriaMetrics", method: "POST", path: "/api/v1/admin/status/metric_names_stats/reset" },
    { part: "victoriaMetrics", method: "GET", path: "/-/reload" },
    { part: "victoriaMetrics", method: "GET", path: "/config" },
    { part: "victoriaMetrics", method: "GET", path: "/debug/pprof/profile?seconds=1" },

    {
      part: "jaeger",
      method: "POST",
      path: "/api/archive/0af7651916cd43dd8448eb211c80319c",
      refusal: "archive span storage was not configured",
    },

    ...grafanaRequests(grafanaApi),
  ];
}

/** OpenAPI 2, as far as it is looked at. */
const openApi = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** The description of its API that Grafana has along. */
export async function grafanaApiOf(container: string): Promise<unknown> {
  const file = "/usr/share/grafana/public/api-merged.json";
  return JSON.parse(await succeed("docker", ["exec", container, "cat", file])) as unknown;
}

/** Every request of Grafana's API that changes something, each about something that may be there. */
function grafanaRequests(api: unknown): readonly DestructiveRequest[] {
  const methods = { post: "POST", put: "PUT", patch: "PATCH", delete: "DELETE" } as const;
  const requests = Object.entries(openApi.parse(api).paths).flatMap(([path, operations]) =>
    Object.entries(methods).flatMap(([operation, method]): readonly DestructiveRequest[] =>
      operation in operations
        ? [{ part: "grafana", method, path: `/api${path.replaceAll(/\{\w+\}/g, "1")}`, form: "name=any" }]
        : [],
    ),
  );
  // Most of what Grafana can do; fewer would say that the description has another form.
  if (requests.length < 100)
    throw new Error(`Grafana's API: must have 100 requests that change something, got ${requests.length}`);
  return [
    ...requests,
    { part: "grafana", method: "DELETE", path: "/api/dashboards/uid/services" },
    { part: "grafana", method: "DELETE", path: "/api/datasources/uid/loki" },
  ];
}

const listening = z.array(z.number());

/** Prints the ports on which something listens that others in the network reach, as JSON. */
const listener = `
  const { readFileSync } = require("node:fs");
  const lines = ["tcp", "tcp6"].flatMap((file) => readFileSync("/proc/net/" + file, "utf8").trim().split("\\n").slice(1));
  const open = lines.map((line) => line.trim().split(/\\s+/)).filter(([, , , state]) => state === "0A");
  const reached = open.map(([, local]) => local.split(":")).filter(([address]) => /^0+$/.test(address));
  console.log(JSON.stringify([...new Set(reached.map(([, port]) => parseInt(port, 16)))].sort((a, b) => a - b)));
`;

/**
 * Ports of a container on which something answers to the others of its network.
 *
 * @param image one with Node.js, which the container's own may be without
 */
export async function openPorts(container: string, image: string): Promise<readonly number[]> {
  const run = ["run", "--rm", "--network", `container:${container}`, "--entrypoint", "node", image, "--eval", listener];
  return listening.parse(JSON.parse(await succeed("docker", run)));
}

/** What came back of a request; whether the sender could have read it plays no role. */
export interface Answer {
  readonly request: DestructiveRequest;
  readonly isRefused: boolean;
  /** For a person. */
  readonly text: string;
}

/** Where the parts are, for processes on the host or for those in the stack's network. */
export type Addresses = Readonly<Record<DestructiveRequest["part"], string>>;

/** As a process on this machine finds them, a browser for instance. */
export function addressesOnHost({ urls }: StackOutputs): Addresses {
  const { loki = "", victoriaMetrics = "", jaeger = "", grafana = "" } = urls;
  return { loki, victoriaMetrics, jaeger, grafana };
}

/** As a service finds them. */
export const addressesInNetwork: Addresses = {
  loki: `http://${addressOf(parts.loki, "http")}`,
  victoriaMetrics: `http://${addressOf(parts.victoriaMetrics, "http")}`,
  jaeger: `http://${addressOf(parts.jaeger, "query")}`,
  grafana: `http://${addressOf(parts.grafana, "http")}`,
};

/** One after the other, as a web page of another origin sends a form. Prints status and text of each answer as JSON. */
const sender = `
  const headers = { origin: "http://page.example.com", "content-type": "application/x-www-form-urlencoded" };
  const answers = [];
  for (const { url, method, form } of JSON.parse(process.argv[1])) {
    const answer = await fetch(url, { method, headers, redirect: "manual", body: method === "GET" ? undefined : form ?? "" });
    answers.push({ status: answer.status, text: (await answer.text()).slice(0, 200) });
  }
  console.log(JSON.stringify(answers));
`;

const sent = z.array(z.object({ status: z.number(), text: z.string() }));

/**
 * Sends requests with Node.js.
 *
 * @param node command and arguments that lead to it: `["node"]`, or `["docker", "exec", "backend", "node"]`
 */
export async function send(
  requests: readonly DestructiveRequest[],
  addresses: Addresses,
  [command = "node", ...args]: readonly string[],
): Promise<readonly Answer[]> {
  const list = requests.map(({ part, path, method, form }) => ({ url: `${addresses[part]}${path}`, method, form }));
  const script = ["--input-type=module", "--eval", sender, JSON.stringify(list)];
  const answers = sent.parse(JSON.parse(await succeed(command, [...args, ...script])));
  return requests.map((request, index) => {
    const { status = 0, text = "" } = answers[index] ?? {};
    const isRefused =
      request.refusal === undefined ? [401, 403, 404, 405].includes(status) : text.includes(request.refusal);
    return { request, isRefused, text: `${request.part} ${request.method} ${request.path}: ${status} ${text}` };
  });
}

/** Whether Loki can do its work, as it says itself. */
export async function isLokiReady({ urls }: StackOutputs): Promise<boolean> {
  return (await run("curl", ["--silent", "--fail", `${urls.loki ?? ""}/ready`])).code === 0;
}
