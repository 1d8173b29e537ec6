import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { checkForwardedPorts, forward, forwardedPorts, type Forward } from "../../../cli/kubernetes/forward.ts";
import { UserError } from "../../../cli/user-error.ts";
import { FakeApiServer, type Answer, type Stream } from "../../support/fake-api-server.ts";
import { closedPort, listeningPort, podOf, serviceOf } from "../../support/pod-streams.ts";

const base = "/api/v1/namespaces/shop";

describe("the ports of a stack on the user's machine", () => {
  async function found(...services: readonly object[]): Promise<unknown> {
    const server = await FakeApiServer.start({ [`${base}/services`]: { items: services } });
    try {
      return await forwardedPorts(server.cluster());
    } finally {
      await server.stop();
    }
  }

  it("are those that its Services name, each with the port of the pod", async () => {
    assert.deepEqual(await found(serviceOf("grafana", 3000, { http: 3001 }), { metadata: { name: "backend" } }), [
      { workload: "grafana", port: 3000, hostPort: 3001 },
    ]);
    assert.deepEqual(await found(), []);
  });

  it("are a fault of the program if a Service has no such port", async () => {
    await assert.rejects(found(serviceOf("grafana", 3000, { metrics: 3001 })), {
      name: "Error",
      message: "service grafana: has no port metrics, which its annotation names",
    });
  });

  it("have to be free, and who has one is named", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const ports = [{ workload: "grafana", port: 3000, hostPort: port }];
    try {
      await assert.rejects(checkForwardedPorts(ports), (error) => {
        assert.ok(error instanceof UserError);
        const [problem, next, ...rest] = error.message.split("\n");
        const begin = `^port ${port} \\(grafana\\): must be free, but \\S+ \\(process ${process.pid}\\) uses it; stop that, or choose another port$`;
        assert.match(problem ?? "", new RegExp(begin));
        assert.deepEqual([next, rest], ["  next: solve this, then npm run open", []]);
        return true;
      });
    } finally {
      taken.close();
    }
    await checkForwardedPorts(ports);
  });
});

describe("a forward into the cluster", () => {
  let server: FakeApiServer;
  let opened: Forward;
  let said: string[] = [];
  afterEach(async () => {
    await opened.close();
    await server.stop();
  });

  async function open(pods: Answer, streams: Readonly<Record<string, Stream>> = {}): Promise<void> {
    said = [];
    server = await FakeApiServer.start({ [`${base}/pods`]: pods }, streams);
    const port = { workload: "loki", port: 3100, hostPort: 3100 };
    opened = await forward(server.cluster(), { ...port, hostPort: 0 }, (line) => said.push(line));
  }

  /** What comes back for a text, or nothing if the connection is closed instead. */
  async function ask(text: string): Promise<string> {
    const socket = connect(opened.hostPort, "127.0.0.1");
    const closed = once(socket, "close").then(() => "");
    socket.write(text);
    const answer = once(socket, "data").then(([data]) => String(data));
    const first = await Promise.race([answer, closed]);
    socket.destroy();
    return first;
  }

  const stream = (pod: string): string => `${base}/pods/${pod}/portforward`;

  it("hands what is written to the pod's port, and back", async () => {
    await open(
      { items: [podOf("loki", "loki-0", { isReady: true })] },
      {
        [stream("loki-0")]: (socket, parameters) => {
          listeningPort((text) => `port ${parameters.get("ports") ?? ""} got ${text}`)(socket, parameters);
        },
      },
    );
    assert.equal(await ask("ping"), "port 3100 got ping");
    assert.deepEqual(said, []);
  });

  it("follows a pod that is replaced, and goes by the one that is ready", async () => {
    let pods = [podOf("loki", "loki-old", { isReady: true })];
    await open(() => ({ items: pods }), {
      [stream("loki-old")]: listeningPort(() => "the old one"),
      [stream("loki-new")]: listeningPort(() => "the new one"),
    });
    assert.equal(await ask("ping"), "the old one");
    const { metadata, ...ending } = podOf("loki", "loki-old", { isReady: true }) as { metadata: object };
    pods = [
      { ...ending, metadata: { ...metadata, deletionTimestamp: new Date().toISOString() } },
      podOf("loki", "loki-starting", { isReady: false }),
      podOf("loki", "loki-new", { isReady: true }),
    ];
    assert.equal(await ask("ping"), "the new one");
  });

  it("says once why it cannot hand a connection on, closes that, and works again as soon as there is a pod", async () => {
    let pods: object[] = [];
    await open(() => ({ items: pods }), { [stream("loki-0")]: listeningPort(() => "pong") });
    assert.equal(await ask("ping"), "");
    assert.equal(await ask("ping"), "");
    pods = [podOf("loki", "loki-0", { isReady: false })];
    assert.equal(await ask("ping"), "");
    assert.deepEqual(said, ["loki: no pod runs", "loki: no pod is ready"]);
    pods = [podOf("loki", "loki-0", { isReady: true })];
    assert.equal(await ask("ping"), "pong");
  });

  it("says what the pod says when nobody listens there", async () => {
    await open(
      { items: [podOf("loki", "loki-0", { isReady: true })] },
      {
        [stream("loki-0")]: closedPort("dial tcp4 127.0.0.1:3100: connect: connection refused\n"),
      },
    );
    assert.equal(await ask("ping"), "");
    assert.deepEqual(said, ["loki: dial tcp4 127.0.0.1:3100: connect: connection refused"]);
  });

  it("says that the pod is gone, or that the API server cannot be asked", async () => {
    let answer: object | number = { items: [podOf("loki", "loki-0", { isReady: true })] };
    await open(() => answer);
    assert.equal(await ask("ping"), "");
    answer = 403;
    assert.equal(await ask("ping"), "");
    assert.equal(said[0], "loki: Unexpected server response: 404");
    assert.match(
      said[1] ?? "",
      /^loki: kubernetes: the user of the context fake must be allowed what the stack needs, got: /,
    );
    assert.equal(said.length, 2);
  });

  it("ends the connection when the pod does", async () => {
    await open(
      { items: [podOf("loki", "loki-0", { isReady: true })] },
      {
        [stream("loki-0")]: (socket) => {
          socket.close();
        },
      },
    );
    assert.equal(await ask("ping"), "");
  });
});
