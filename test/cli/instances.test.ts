import assert from "node:assert/strict";
import { instanceStates, isUp } from "../../cli/instances.ts";

describe("an instance", () => {
  it("is up when it runs, and healthy if it can say so", () => {
    const states = ["running", "healthy", "unhealthy", "starting", "restarting", "exited", "missing"];
    assert.deepEqual(states.filter(isUp), ["running", "healthy"]);
  });

  it("is not asked for when there is none", async () => {
    assert.deepEqual([...(await instanceStates([]))], []);
  });
});
