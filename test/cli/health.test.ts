import assert from "node:assert/strict";
import { checkUp } from "../../cli/health.ts";

describe("what was deployed", () => {
  const instances = ["loki", "grafana"].map((name) => ({ name, urn: name, replicas: 1 }));

  async function check(states: readonly string[], said = ""): Promise<void> {
    const target = {
      startMillis: 1000,
      instanceStates: () => Promise.resolve(new Map(instances.map(({ name }, index) => [name, states[index] ?? ""]))),
      lastLines: () => Promise.resolve(said),
      logCommand: (name: string) => `docker logs ${name}`,
    };
    await checkUp(instances, target, new AbortController().signal);
  }

  it("is up, or told with its last lines and the next command", async () => {
    await check(["healthy", "running"]);
    await assert.rejects(check(["exited", "unhealthy"], "no such option"), {
      message:
        "loki is exited; grafana is unhealthy\nits last lines:\nno such option\n  next: npm run up; or see more: docker logs loki",
      errorCodes: ["OBS1408"],
    });
  });
});
