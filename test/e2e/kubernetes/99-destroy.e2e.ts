import assert from "node:assert/strict";
import { kubectl } from "./support/cluster.ts";
import { clusterWorkspace } from "./support/cluster-workspace.ts";

describe("the end of a stack on Kubernetes that had trouble", () => {
  it("leaves nothing behind after down -- --destroy-data", async () => {
    const workspace = await clusterWorkspace();
    const down = await workspace.npm("run", "down", "--", "--target", "kubernetes", "--destroy-data", "--yes");
    assert.equal(down.code, 0, down.output);
    assert.equal(await kubectl(["get", "namespace", workspace.name, "--ignore-not-found"]), "");
  });
});
