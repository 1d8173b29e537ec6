import { createServer, type Server } from "node:http";
import { once } from "node:events";

/** A request that a {@link FakeGrafana} got. */
export interface SeenRequest {
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
}

/** An answer that depends on what is asked. */
type Answering = (parameters: URLSearchParams) => unknown;

function isAnswering(answer: unknown): answer is Answering {
  return typeof answer === "function";
}

/** A server that gives prepared answers by path, as Grafana and the stores behind its proxy would. */
export class FakeGrafana {
  readonly seen: SeenRequest[] = [];
  private readonly server: Server;

  private constructor(answers: Readonly<Record<string, unknown>>) {
    this.server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "", "http://localhost");
      const { authorization } = request.headers;
      this.seen.push({ path: pathname, parameters: Object.fromEntries(searchParams), authorization });
      const prepared = answers[pathname];
      const answer = isAnswering(prepared) ? prepared(searchParams) : prepared;
      response.statusCode = answer === undefined ? 404 : typeof answer === "number" ? answer : 200;
      response.end(typeof answer === "string" ? answer : JSON.stringify(answer ?? { message: "not found" }));
    });
  }

  /** @param answers JSON by path, or what makes it of a query; text is given as it stands, a number is a status; any other path is answered with 404. */
  static async start(answers: Readonly<Record<string, unknown>>): Promise<FakeGrafana> {
    const grafana = new FakeGrafana(answers);
    grafana.server.listen(0, "127.0.0.1");
    await once(grafana.server, "listening");
    return grafana;
  }

  get url(): string {
    const address = this.server.address();
    if (address === null || typeof address === "string") throw new Error("the server does not listen");
    return `http://127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }
}
