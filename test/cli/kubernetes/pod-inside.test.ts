import assert from "node:assert/strict";
import { connectFromPod, debugCommand, lookInside, type Inside } from "../../../cli/kubernetes/pod-inside.ts";
import { exportNothing } from "../../../cli/why/exchange.ts";
import { FakeApiServer, type Stream } from "../../support/fake-api-server.ts";
import { failedWith, podCommand, succeeded } from "../../support/pod-streams.ts";

const at = { namespace: "payments", pod: "pay-1", container: "app" };
const endpoint = { signal: "logs", host: "collector", port: 4318, isTls: false, path: "/v1/logs" } as const;

/** Does something with a cluster whose pod has these commands. */
async function withPod<Result>(
  stream: Stream | undefined,
  act: (server: FakeApiServer) => Promise<Result>,
): Promise<Result> {
  const path = "/api/v1/namespaces/payments/pods/pay-1/exec";
  const server = await FakeApiServer.start({}, stream === undefined ? {} : { [path]: stream });
  try {
    return await act(server);
  } finally {
    await server.stop();
  }
}

async function found(output: string): Promise<Inside | { readonly notDone: string }> {
  const stream = podCommand(() => ({ output, status: succeeded }));
  return withPod(stream, (server) => lookInside(server.cluster(), at));
}

describe("a look into a container of a pod", () => {
  it("finds the smallest tool that there is, and the language by command, program, or the image's variables", async () => {
    assert.deepEqual(await found("tool bash\ntool nc\nargument sh\nargument /usr/bin/java\n"), {
      ...{ tool: "nc", language: "java" },
    });
    assert.deepEqual(await found("tool bash\ngo\nargument ./orders\n"), { tool: "bash", language: "go" });
    assert.deepEqual(await found("variable PYTHON_VERSION\nargument ./run.sh\n"), {
      tool: undefined,
      language: "python",
    });
    assert.deepEqual(await found("argument ./gopher\n"), { tool: undefined, language: undefined });
  });

  it("says why it cannot be done", async () => {
    const refused = podCommand(() => ({ output: "no sh", status: failedWith(126) }));
    assert.deepEqual(await withPod(refused, (server) => lookInside(server.cluster(), at)), {
      notDone: "no command can be run in it: command terminated with non-zero exit code: exit status 126",
    });
    // containerd's words.
    const message =
      'failed to start exec "b300": OCI runtime exec failed: exec: "sh": executable file not found in $PATH: unknown';
    const missing = podCommand(() => ({ output: "", status: { status: "Failure", reason: "InternalError", message } }));
    assert.deepEqual(await withPod(missing, (server) => lookInside(server.cluster(), at)), {
      notDone: "its image has no sh",
    });
    assert.deepEqual(await withPod(undefined, (server) => lookInside(server.cluster(), at)), {
      notDone: "no command can be run in it: Unexpected server response: 404",
    });
  });
});

describe("a connection from a pod", () => {
  async function tried(stream: Stream): Promise<unknown> {
    return withPod(stream, (server) =>
      exportNothing({ ...endpoint, protocol: "http/protobuf" }, (host, port) =>
        connectFromPod(server.cluster(), at, "nc", host, port),
      ),
    );
  }

  it("goes through the tool that was found, and both ways", async () => {
    const commands: string[][] = [];
    const stream = podCommand((request, command) => {
      commands.push([...command].slice(3), [request.split("\r\n", 1)[0] ?? ""]);
      return { output: "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", status: "endless" };
    });
    assert.deepEqual(await tried(stream), { step: "ok", seen: "HTTP 200", status: 200 });
    assert.deepEqual(commands, [["sh", "nc", "collector", "4318"], ["POST /v1/logs HTTP/1.1"]]);
  });

  it("is none if the tool fails, with its words, or cannot be started", async () => {
    const refused = podCommand(() => ({ output: "", errors: "nc: bad address 'collector'", status: failedWith(1) }));
    assert.deepEqual(await tried(refused), { step: "connect", seen: "bad address 'collector'" });
  });

  it("has a command for the user where it cannot be tried", () => {
    const command = debugCommand({ context: "kind" }, at, "busybox", "http://otel-collector.shop:4318");
    assert.equal(
      command,
      "kubectl --context kind --namespace payments debug pay-1 --attach --quiet --profile restricted --image busybox -- sh -c 'busybox nc -w 5 otel-collector.shop 4318 </dev/null && echo reached'",
    );
  });
});
