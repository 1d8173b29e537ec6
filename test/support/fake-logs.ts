import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { text } from "node:stream/consumers";

/** VictoriaMetrics and the API server in one, as far as the disk guard needs them. */
export class FakeLogs {
  /** Where it is reached. */
  readonly url: string;
  /** Bytes of each day that something is known of, newest first. */
  bytesByDay: readonly number[] = [];
  /** What is answered instead, by the beginning of the path. */
  readonly answers = new Map<string, { readonly status: number; readonly body: string }>();
  /** Text of each report. */
  readonly imported: string[] = [];
  /** Data of the ConfigMap. */
  data: Record<string, string> = {};
  /** What was asked of it, but for reports. */
  readonly asked: string[] = [];
  private readonly server: Server;

  private constructor(server: Server, url: string) {
    this.server = server;
    this.url = url;
  }

  static async start(): Promise<FakeLogs> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { readonly port: number };
    const fake = new FakeLogs(server, `http://127.0.0.1:${port}`);
    server.on("request", (request, response) => {
      void text(request).then((body) => {
        const { pathname, searchParams } = new URL(request.url ?? "", fake.url);
        const [, instead] = [...fake.answers].find(([path]) => pathname.startsWith(path)) ?? [];
        const { authorization = "none", "content-type": type = "none" } = request.headers;
        if (pathname.startsWith("/api/v1/namespaces/")) {
          fake.asked.push(`${request.method} ${pathname} ${authorization} ${type}`);
        }
        response.writeHead(instead?.status ?? 200);
        response.end(instead?.body ?? fake.answer(request.method ?? "", pathname, searchParams, body));
      });
    });
    return fake;
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, "close");
  }

  private answer(method: string, path: string, query: URLSearchParams, body: string): string {
    if (path === "/api/v1/query_range") {
      const [start, end, step] = ["start", "end", "step"].map((name) => Number(query.get(name)));
      this.asked.push(`${query.get("query")} ${start} ${end} ${step}`);
      const values = this.bytesByDay.map((bytes, day) => [Number(end) - day * Number(step), `${bytes}`]).reverse();
      const result = values.length === 0 ? [] : [{ metric: {}, values }];
      return JSON.stringify({ status: "success", data: { resultType: "matrix", result } });
    }
    if (path === "/api/v1/import/prometheus") this.imported.push(body);
    if (path.startsWith("/api/v1/namespaces/")) {
      if (method === "PATCH") Object.assign(this.data, (JSON.parse(body) as { data: object }).data);
      return JSON.stringify({ data: this.data });
    }
    return "";
  }
}
