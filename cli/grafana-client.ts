import { z } from "zod";
import { urlOf, type StackOutputs } from "./outputs.ts";
import type { LogLine } from "./verification/links.ts";

const labels = z.record(z.string(), z.string());

/** An answer of Loki or of a store of metrics with a list of what was found. */
const found = <Item extends z.ZodType>(item: Item) => z.object({ data: z.object({ result: z.array(item) }) });

const lokiAnswer = found(
  z.object({ stream: labels, values: z.array(z.tuple([z.string(), z.string()]).rest(z.unknown())) }),
);

const prometheusAnswer = found(z.object({ metric: labels, value: z.tuple([z.number(), z.string()]) }));

const tags = z.array(z.object({ key: z.string(), value: z.unknown() }));

const jaegerAnswer = z.object({
  data: z
    .array(
      z.object({
        spans: z.array(
          z.object({
            startTime: z.number(),
            duration: z.number(),
            processID: z.string(),
            tags: tags.default([]),
          }),
        ),
        processes: z.record(z.string(), z.object({ serviceName: z.string(), tags: tags.default([]) })),
      }),
    )
    .nullable(),
});

const dashboardAnswer = z.object({
  dashboard: z.object({
    title: z.string(),
    templating: z.object({ list: z.array(z.object({ name: z.string() })).default([]) }).prefault({}),
  }),
});

/** The newest point of a series. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A trace as Jaeger gives it back. */
export interface FoundTrace {
  readonly serviceNames: readonly string[];
  /** Attributes of each span and of its process, as links find them. */
  readonly spanTags: readonly Readonly<Record<string, string>>[];
  readonly startMillis: number;
  readonly endMillis: number;
}

/** Grafana of a stack. @throws UserError if the stack has none. */
export function grafanaOf(outputs: StackOutputs): GrafanaClient {
  return new GrafanaClient(urlOf(outputs, "grafana"), outputs.grafanaUser, outputs.grafanaPassword);
}

/** Asks Grafana, and the stores behind it only through Grafana, as a user's browser does. */
export class GrafanaClient {
  private readonly url: string;
  private readonly authorization: string;

  constructor(url: string, user: string, password: string) {
    this.url = url;
    this.authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  }

  /** The JSON that a path answers. @throws Error as {@link text} does. */
  async get(path: string): Promise<unknown> {
    return JSON.parse(await this.text(path)) as unknown;
  }

  /** The text that a path answers. @throws Error with the status and the start of an answer that is not 2xx. */
  async text(path: string): Promise<string> {
    return this.ask(path, {}, {});
  }

  /** Sends JSON. @returns the JSON that comes back @throws as {@link text} does. */
  async post(path: string, body: object): Promise<unknown> {
    const request = { method: "POST", body: JSON.stringify(body) };
    return JSON.parse(await this.ask(path, request, { "content-type": "application/json" })) as unknown;
  }

  private async ask(
    path: string,
    request: { readonly method?: string; readonly body?: string },
    headers: Readonly<Record<string, string>>,
  ): Promise<string> {
    const answer = await fetch(`${this.url}${path}`, {
      ...request,
      headers: { ...headers, authorization: this.authorization },
      signal: AbortSignal.timeout(10_000),
    });
    const text = await answer.text();
    if (!answer.ok) throw new HttpError(path, answer.status, text);
    return text;
  }

  async version(): Promise<string> {
    return z.object({ version: z.string() }).parse(await this.get("/api/health")).version;
  }

  /** A dashboard as Grafana holds it: its title and the names of its variables. */
  async dashboard(uid: string): Promise<{ readonly title: string; readonly variables: readonly string[] }> {
    const { dashboard } = dashboardAnswer.parse(await this.get(`/api/dashboards/uid/${uid}`));
    return { title: dashboard.title, variables: dashboard.templating.list.map(({ name }) => name) };
  }

  /** `jsonData` of a data source as Grafana holds it. */
  async jsonData(uid: string): Promise<unknown> {
    return z.object({ jsonData: z.unknown() }).parse(await this.get(`/api/datasources/uid/${uid}`)).jsonData;
  }

  /** Lines between two points in time, the newest `limit` of them. */
  async logs(
    uid: string,
    query: string,
    startMillis: number,
    endMillis: number,
    limit = 100,
  ): Promise<readonly LogLine[]> {
    const parameters = new URLSearchParams({
      query,
      start: `${startMillis}000000`,
      end: `${endMillis}000000`,
      limit: String(limit),
    });
    const answer = lokiAnswer.parse(await this.proxy(uid, `loki/api/v1/query_range?${parameters.toString()}`));
    return answer.data.result.flatMap(({ stream, values }) => values.map(([, line]) => ({ line, labels: stream })));
  }

  /** The newest point of each series that a PromQL query finds, with its labels. */
  async series(uid: string, query: string): Promise<readonly Series[]> {
    // Or VictoriaMetrics would answer as of a second ago (its `-search.latencyOffset`).
    const parameters = new URLSearchParams({ query, nocache: "1" });
    const answer = prometheusAnswer.parse(await this.proxy(uid, `api/v1/query?${parameters.toString()}`));
    return answer.data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** Sum of the newest points that a PromQL query finds; `undefined` if it finds no series. */
  async metric(uid: string, query: string): Promise<number | undefined> {
    const found = await this.series(uid, query);
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
  }

  /** `undefined` as long as the store does not know the trace. */
  async trace(uid: string, traceId: string): Promise<FoundTrace | undefined> {
    try {
      const [trace] = jaegerAnswer.parse(await this.proxy(uid, `api/traces/${traceId}`)).data ?? [];
      if (trace === undefined) return undefined;
      const used = new Set(trace.spans.map((span) => trace.processes[span.processID]?.serviceName ?? span.processID));
      return {
        serviceNames: [...used].sort(),
        spanTags: trace.spans.map((span) => {
          const all = [...(trace.processes[span.processID]?.tags ?? []), ...span.tags];
          return Object.fromEntries(all.map(({ key, value }) => [key, String(value)]));
        }),
        startMillis: Math.min(...trace.spans.map((span) => span.startTime)) / 1000,
        endMillis: Math.max(...trace.spans.map((span) => span.startTime + span.duration)) / 1000,
      };
    } catch (error) {
      if (error instanceof HttpError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** The JSON that a data source answers to a path of its own. @throws as {@link get} does. */
  async proxy(uid: string, path: string): Promise<unknown> {
    return JSON.parse(await this.proxied(uid, path)) as unknown;
  }

  /** The same as text. */
  async proxied(uid: string, path: string): Promise<string> {
    return this.text(`/api/datasources/proxy/uid/${uid}/${path}`);
  }
}

/** An answer that was not 2xx. */
export class HttpError extends Error {
  readonly status: number;

  constructor(path: string, status: number, body: string) {
    super(`${path} answered ${status}: ${body.slice(0, 200)}`);
    this.status = status;
  }
}
