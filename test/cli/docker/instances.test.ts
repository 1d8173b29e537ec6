import assert from "node:assert/strict";
import { Docker } from "../../../cli/docker/docker.ts";
import { instanceStates } from "../../../cli/docker/instances.ts";
import { fakeCommand } from "../../support/fake-command.ts";

describe("an instance", () => {
  it("is judged by its health, its run, and its network, and asked as long as Docker has not asked it", async () => {
    const container = (name: string, State: object, NetworkID: string): object => ({
      Name: `/${name}`,
      Config: { Healthcheck: { Test: ["CMD", "ask", name] } },
      State,
      NetworkSettings: { Networks: { shop: { NetworkID } } },
    });
    const containers = [
      container("healthy", { Status: "running", Health: { Status: "healthy" } }, "n1"),
      container("early", { Status: "running", Health: { Status: "starting" } }, "n1"),
      container("late", { Status: "running", Health: { Status: "starting" } }, "n1"),
      container("sick", { Status: "running", Health: { Status: "unhealthy" } }, "n1"),
      container("plain", { Status: "running" }, "n1"),
      container("ended", { Status: "exited", Health: { Status: "healthy" } }, "n1"),
      container("stray", { Status: "running" }, "another network"),
    ];
    const fake = fakeCommand(
      "docker",
      `case "$1" in
         network) echo '[{"Id":"n1","Name":"shop"}]';;
         exec) [ "$*" = "exec early ask early" ];;
         container) echo '${JSON.stringify(containers)}'; exit 1;;
       esac`,
    );
    try {
      const names = ["healthy", "early", "late", "sick", "plain", "ended", "stray", "gone"];
      const states = await instanceStates(new Docker(undefined, fake.env), names, "shop");
      assert.deepEqual(Object.fromEntries(states), {
        healthy: "healthy",
        early: "healthy",
        late: "starting",
        sick: "unhealthy",
        plain: "running",
        ended: "exited",
        stray: "cut off",
        gone: "missing",
      });
    } finally {
      fake.remove();
    }
  });
});
