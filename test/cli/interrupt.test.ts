import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { throughInterrupts } from "../../cli/interrupt.ts";
import { UserError } from "../../cli/user-error.ts";

describe("Ctrl-C during an action", () => {
  const interrupt = async (times: number): Promise<void> => {
    for (let sent = 0; sent < times; sent += 1) {
      process.kill(process.pid, "SIGINT");
      await sleep(20);
    }
  };

  it("lets the action end, says what happens, and tells the next command if it failed", async () => {
    const said: string[] = [];
    const action = async (): Promise<never> => {
      await interrupt(2);
      throw new Error("canceled");
    };
    await assert.rejects(
      throughInterrupts((line) => said.push(line), action),
      (error) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, /^interrupted; what was done so far is kept\n {2}next: npm run up/);
        assert.equal(error.exitCode, 130);
        assert.deepEqual(error.errorCodes, ["OBS1403"]);
        return true;
      },
    );
    assert.deepEqual(
      said.map((line) => line.split(":", 1)[0]),
      ["interrupted", "stopping at once"],
    );
  });

  it("is told although the action calls itself a success, as Pulumi does", async () => {
    const action = async (): Promise<string> => {
      await interrupt(1);
      return "done";
    };
    await assert.rejects(
      throughInterrupts(() => undefined, action),
      /^Error: interrupted; /,
    );
  });

  it("that does not come changes nothing", async () => {
    assert.equal(
      await throughInterrupts(
        () => undefined,
        () => Promise.resolve("done"),
      ),
      "done",
    );
  });

  it("leaves other failures and later signals alone", async () => {
    const failure = new Error("no");
    await assert.rejects(
      throughInterrupts(
        () => undefined,
        () => Promise.reject(failure),
      ),
      failure,
    );
    assert.equal(process.listenerCount("SIGINT"), 0);
  });
});
