import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocketServer, type WebSocket } from "ws";
import { stringify } from "yaml";
import { z } from "zod";
import { Cluster } from "../../cli/kubernetes/cluster.ts";
import { removedKinds } from "../../cli/kubernetes/kinds.ts";

/** What a {@link FakeApiServer} answers to a request: an object as JSON, text as it is; a number is a status. */
export type Answer = object | string | number | ((body: unknown) => object | number);

/** What a {@link FakeApiServer} does with a connection into a pod that somebody has opened. */
export type Stream = (socket: WebSocket, parameters: URLSearchParams) => void;

/** A Kubernetes API server that gives prepared answers by path, and lists of nothing for everything else. */
export class FakeApiServer {
  /** `METHOD path` of each request that changes something. */
  readonly changes: string[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), "fake-api-server-"));
  private readonly server: Server;

  private readonly streams = new WebSocketServer({ noServer: true, handleProtocols: () => "v4.channel.k8s.io" });

  private constructor(answers: Readonly<Record<string, Answer>>, streams: Readonly<Record<string, Stream>>) {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { pathname } = new URL(request.url ?? "", "http://localhost");
        const method = request.method ?? "";
        const body = chunks.length === 0 ? undefined : (JSON.parse(Buffer.concat(chunks).toString()) as unknown);
        if (method === "DELETE") this.changes.push(`${method} ${pathname}`);
        const prepared = answers[`${method} ${pathname}`] ?? answers[pathname] ?? usual(method, pathname);
        const answer = isFunction(prepared) ? prepared(body) : prepared;
        response.statusCode = typeof answer === "number" ? answer : 200;
        response.setHeader("content-type", typeof answer === "string" ? "text/plain" : "application/json");
        response.end(textOf(answer, pathname));
      });
    });
    this.server.on("upgrade", (request, socket, head) => {
      const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
      const stream = streams[pathname];
      if (stream === undefined) {
        socket.end("HTTP/1.1 404 Not Found\r\n\r\n");
        return;
      }
      this.streams.handleUpgrade(request, socket, head, (opened) => {
        stream(opened, searchParams);
      });
    });
  }

  /**
   * @param answers by path, or by method and path
   * @param streams by path; a pod without one is not found
   */
  static async start(
    answers: Readonly<Record<string, Answer>> = {},
    streams: Readonly<Record<string, Stream>> = {},
  ): Promise<FakeApiServer> {
    const fake = new FakeApiServer(answers, streams);
    fake.server.listen(0, "127.0.0.1");
    await once(fake.server, "listening");
    return fake;
  }

  get url(): string {
    const { port } = z.object({ port: z.number() }).parse(this.server.address());
    return `http://127.0.0.1:${port}`;
  }

  /** A kubeconfig whose context `fake` leads here. */
  kubeconfig(url = this.url): string {
    const file = join(this.folder, "kubeconfig");
    const content = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "fake", cluster: { server: url, "insecure-skip-tls-verify": true } }],
      users: [{ name: "fake", user: { token: "hunter2" } }],
      contexts: [{ name: "fake", context: { cluster: "fake", user: "fake" } }],
    };
    writeFileSync(file, stringify(content));
    return file;
  }

  cluster(): Cluster {
    const kubernetes = { context: "fake", kubeconfig: this.kubeconfig(), namespace: "shop" };
    return Cluster.of({ name: "shop-dev", kubernetes });
  }

  async stop(): Promise<void> {
    for (const opened of this.streams.clients) opened.terminate();
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
    rmSync(this.folder, { recursive: true });
  }
}

function textOf(answer: object | string | number, path: string): string {
  if (typeof answer === "string") return answer;
  // The API server's own words for an error.
  const failed = { kind: "Status", status: "Failure", message: `status ${JSON.stringify(answer)} for ${path}` };
  return JSON.stringify(typeof answer === "number" ? failed : answer);
}

function isFunction(answer: Answer): answer is (body: unknown) => object | number {
  return typeof answer === "function";
}

/** A cluster in which everything is allowed and nothing is there. */
function usual(method: string, path: string): object | number {
  const found = removedKinds.filter(
    ({ apiVersion }) => path === `/${apiVersion.includes("/") ? "apis" : "api"}/${apiVersion}`,
  );
  if (found.length > 0) {
    const resources = found.map(({ resource, kind, isNamespaced }) => {
      return { name: resource, kind, namespaced: isNamespaced, singularName: "", verbs: [] };
    });
    return { kind: "APIResourceList", groupVersion: "", resources };
  }
  if (path === "/version") return { gitVersion: "v1.34.3" };
  if (path.endsWith("/selfsubjectaccessreviews")) return { status: { allowed: true } };
  if (path.endsWith("/storageclasses")) return { items: [storageClass("local-path", true)] };
  if (method === "DELETE") return { kind: "Status", status: "Success" };
  const depth = path.split("/").length;
  const isObject = path.startsWith("/api/") ? depth === 7 || depth === 5 : depth === 8 || depth === 6;
  return isObject ? 404 : { items: [] };
}

/** A storage class as the API server has it. */
export function storageClass(name: string, isDefault: boolean): object {
  const annotations = { "storageclass.kubernetes.io/is-default-class": String(isDefault) };
  return { metadata: { name, annotations }, provisioner: "example.com/fake" };
}
