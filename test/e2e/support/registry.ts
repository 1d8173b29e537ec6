import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** What is stored, with the type that it was given. */
interface Content {
  readonly bytes: Buffer;
  readonly type: string;
}

/** What a request is answered with. */
interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly content?: Content;
}

/**
 * A registry in memory that Docker pushes to and pulls from, without TLS, which Docker allows at 127.0.0.1: as much of
 * the OCI Distribution Specification (github.com/opencontainers/distribution-spec, spec.md) as that takes.
 */
export class Registry {
  /** `127.0.0.1:PORT`, as a reference begins with it. */
  readonly host: string;
  private readonly server;
  /** By repository and digest: blobs and manifests. */
  private readonly contents = new Map<string, Content>();
  /** The digest that a repository's tag is at. */
  private readonly tags = new Map<string, string>();
  private readonly uploads = new Map<string, Buffer[]>();

  private constructor(server: ReturnType<typeof createServer>) {
    this.server = server;
    this.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<Registry> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const registry = new Registry(server);
    server.on("request", (request, response) => {
      registry.serve(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
    return registry;
  }

  /** The digest that a tag is at. @throws Error if there is none */
  digestOf(repository: string, tag: string): string {
    const digest = this.tags.get(`${repository}:${tag}`);
    if (digest === undefined) throw new Error(`${repository}:${tag} was not pushed`);
    return digest;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, headers, content } = await this.answer(request);
    const described =
      content === undefined ? {} : { "content-type": content.type, "content-length": content.bytes.length };
    response.writeHead(status, { ...described, ...headers });
    response.end(request.method === "HEAD" ? undefined : content?.bytes);
  }

  private async answer(request: IncomingMessage): Promise<Answer> {
    const { pathname, searchParams } = new URL(request.url ?? "", `http://${this.host}`);
    if (pathname === "/v2/") return { status: 200 };
    const body = await buffer(request);
    const [, repository = "", kind = "", name = ""] =
      /^\/v2\/(.+)\/(manifests|blobs\/uploads|blobs)\/([^/]*)$/.exec(pathname) ?? [];
    const method = `${request.method ?? ""} ${kind}`;
    switch (method) {
      case "POST blobs/uploads":
        return this.upload(repository, randomUUID(), body);
      case "PATCH blobs/uploads":
        return this.upload(repository, name, body);
      case "PUT blobs/uploads": {
        this.upload(repository, name, body);
        const bytes = Buffer.concat(this.uploads.get(name) ?? []);
        this.uploads.delete(name);
        return this.keep(repository, bytes, "application/octet-stream", searchParams.get("digest"));
      }
      case "PUT manifests": {
        const kept = this.keep(repository, body, request.headers["content-type"] ?? "", null);
        if (!name.includes(":")) this.tags.set(`${repository}:${name}`, digestOf(body));
        return kept;
      }
      case "GET manifests":
      case "HEAD manifests":
      case "GET blobs":
      case "HEAD blobs": {
        const digest = this.tags.get(`${repository}:${name}`) ?? name;
        const content = this.contents.get(`${repository}@${digest}`);
        return content === undefined ? unknown : { status: 200, headers: { "docker-content-digest": digest }, content };
      }
      default:
        return unknown;
    }
  }

  private upload(repository: string, id: string, body: Buffer): Answer {
    const chunks = [...(this.uploads.get(id) ?? []), body];
    this.uploads.set(id, chunks);
    const end = Math.max(0, chunks.reduce((sum, { length }) => sum + length, 0) - 1);
    const headers = { location: `/v2/${repository}/blobs/uploads/${id}`, range: `0-${end}`, "docker-upload-uuid": id };
    return { status: 202, headers };
  }

  private keep(repository: string, bytes: Buffer, type: string, expected: string | null): Answer {
    const digest = digestOf(bytes);
    if (expected !== null && expected !== digest) return { status: 400 };
    this.contents.set(`${repository}@${digest}`, { bytes, type });
    const headers = { location: `/v2/${repository}/blobs/${digest}`, "docker-content-digest": digest };
    return { status: 201, headers };
  }
}

/** What a registry says of what it does not have (spec.md, "Error Codes"). */
const unknown: Answer = {
  status: 404,
  content: {
    type: "application/json",
    bytes: Buffer.from(JSON.stringify({ errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }] })),
  },
};

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
