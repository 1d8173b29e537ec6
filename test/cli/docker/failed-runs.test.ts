import assert from "node:assert/strict";
import { failedRuns } from "../../../cli/docker/failed-runs.ts";
import type { StateResource } from "../../../cli/state.ts";

function container(urn: string, restart: string, exitCode: number | undefined): StateResource {
  return { type: "docker:index/container:Container", urn, inputs: { restart }, outputs: { exitCode } };
}

describe("what was to run once", () => {
  it("has failed if it has ended with another code than 0, and what runs has not", () => {
    const resources = [
      container("done", "no", 0),
      container("failed", "no", 3),
      container("killed", "no", 137),
      container("unknown", "no", undefined),
      container("a service that has ended", "unless-stopped", 1),
      { ...container("no container", "no", 1), type: "docker:index/volume:Volume" },
    ];
    assert.deepEqual(failedRuns(resources), ["failed", "killed"]);
    assert.deepEqual(failedRuns([{ type: "docker:index/container:Container", urn: "empty" }]), []);
  });
});
