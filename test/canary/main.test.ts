import assert from "node:assert/strict";
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import waitFor from "p-wait-for";
import { z } from "zod";
import { FakeStack } from "../support/fake-stack.ts";
import { freePort } from "../support/free-ports.ts";

const script = join(import.meta.dirname, "..", "..", "canary", "main.mjs");
const numbers = z.array(z.object({ name: z.string(), signal: z.string(), value: z.number() }));

function start(env: Readonly<Record<string, string>>): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(process.execPath, [script], { env, stdio: ["ignore", "pipe", "pipe"] });
}

describe("the process of the canary", () => {
  it("sends at once, answers what it reports, and ends with 0 when it is told to", async () => {
    const stack = await FakeStack.start();
    const port = `${await freePort()}`;
    const { url } = stack;
    const running = start({ COLLECTOR_URL: url, LOGS_URL: url, TRACES_URL: url, METRICS_URL: url, HEALTH_PORT: port });
    try {
      await waitFor(() => stack.imported.length > 0);
      assert.deepEqual(
        [stack.stored.logs, stack.stored.traces, stack.stored.metrics].map(({ length }) => length),
        [1, 1, 1],
      );
      const answer = numbers.parse(await (await fetch(`http://127.0.0.1:${port}/`)).json());
      assert.deepEqual(
        answer.filter(({ name }) => name === "canary_lost_total"),
        ["logs", "traces", "metrics"].map((signal) => ({ name: "canary_lost_total", signal, value: 0 })),
      );
    } finally {
      running.kill("SIGTERM");
      const ended = await once(running, "exit");
      await stack.stop();
      assert.deepEqual(ended, [0, null]);
    }
  });

  it("names the variable that it lacks, and ends", async () => {
    const running = start({ COLLECTOR_URL: "http://127.0.0.1:1", LOGS_URL: "" });
    const [ended, said] = await Promise.all([once(running, "exit"), text(running.stderr)]);
    assert.deepEqual(ended, [1, null]);
    assert.match(said, /LOGS_URL: must be set, got none/);
  });
});
