import assert from "node:assert/strict";
import { runEngine } from "../../cli/engine.ts";
import { Progress } from "../../cli/progress.ts";

describe("a run of Pulumi's engine that fails", () => {
  async function failing(said: string): Promise<void> {
    const progress = new Progress(() => undefined);
    try {
      await runEngine(
        progress,
        () => Promise.reject(new Error(said)),
        ({ cause, next }) => `the deployment failed: ${cause}\n  next: ${next}`,
      );
    } finally {
      progress.stop();
    }
  }

  it("is told with the code of its cause, and with one of its own where that is not known", async () => {
    await assert.rejects(failing("error: write /x: no space left on device"), {
      message:
        "the deployment failed: the disk is full\n  next: make room (docker system df shows what Docker uses), then npm run up",
      errorCodes: ["OBS1105"],
    });
    await assert.rejects(failing("error: it is broken"), {
      message: /^the deployment failed: .*it is broken\n {2}next: solve what this says, then npm run up$/,
      errorCodes: ["OBS1404"],
    });
  });
});
