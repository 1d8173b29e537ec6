import assert from "node:assert/strict";
import { runInPod } from "../../../cli/kubernetes/pod-command.ts";
import { UserError } from "../../../cli/user-error.ts";
import { FakeApiServer, type Stream } from "../../support/fake-api-server.ts";
import { failedWith, podCommand, succeeded } from "../../support/pod-streams.ts";

describe("a command in a pod", () => {
  const command = ["grafana", "cli", "reset"];
  const seen: string[] = [];

  async function run(stream: Stream | undefined, patienceMillis?: number): Promise<void> {
    const path = "/api/v1/namespaces/shop/pods/grafana-0/exec";
    const server = await FakeApiServer.start({}, stream === undefined ? {} : { [path]: stream });
    try {
      const grafana = { pod: "grafana-0", container: "grafana" };
      await runInPod(server.cluster(), grafana, command, "hunter2", patienceMillis);
    } finally {
      await server.stop();
    }
  }

  /** Fails with this in one line, and the next command. */
  async function fails(stream: Stream | undefined, why: string, patienceMillis?: number): Promise<void> {
    await assert.rejects(run(stream, patienceMillis), (error) => {
      assert.ok(error instanceof UserError);
      const told = `pod grafana-0: grafana cli must succeed, got: ${why}\n  next: npm run up`;
      assert.deepEqual([error.errorCodes, error.message], [["OBS1309"], told]);
      return true;
    });
  }

  it("has its line on standard input, where nobody sees it, and not among its arguments", async () => {
    await run((socket, parameters) => {
      seen.push(parameters.get("container") ?? "");
      podCommand((line, args) => {
        seen.push(line, ...args);
        return { output: "changed", status: succeeded };
      })(socket, parameters);
    });
    assert.deepEqual(seen, ["grafana", "hunter2\n", ...command]);
  });

  it("tells how it ended and what it said when it fails, without its input", async () => {
    await fails(
      podCommand((line) => ({ output: `cannot set\n${line}`, status: failedWith(3) })),
      "command terminated with non-zero exit code: exit status 3 cannot set …",
    );
  });

  it("fails when it does not end in time", async () => {
    await fails(
      podCommand(() => ({ output: "thinking", status: "endless" })),
      "not ended within 0.2 s thinking",
      200,
    );
  });

  it("fails when the connection ends before it, or the pod is gone", async () => {
    await fails(
      podCommand(() => ({ output: "", status: "gone" })),
      "the connection has ended before it",
    );
    await fails(undefined, "Unexpected server response: 404");
  });
});
