import assert from "node:assert/strict";
import type { Platform, RunningWorkload } from "../../../components/platform/platform.ts";
import {
  isWatched,
  watched,
  watchWorkloads,
  type WatchedWorkload,
} from "../../../components/platform/watch-workloads.ts";
import { noFacts, sampleWorkloads } from "../../support/workloads.ts";

const running: RunningWorkload = {
  published: { http: "127.0.0.1:1" },
  instances: [],
  isAwaitable: false,
  ready: () => [],
  volumes: [],
};
const problems = [{ path: "name", rule: "must be another", got: "one", change: "rename it" }];
const platform: Platform = {
  conflicts: () => problems,
  run: () => running,
  instanceAttributes: (workload) => ({ workload }),
  enrichment: { one: {} },
  inject: (args) => args,
  injectedTypes: new Set(["kind"]),
  leftOverSettings: () => problems,
  publicUrls: { two: "https://two.example.com/" },
  isOneMachine: true,
};

describe("a watched platform", () => {
  const [describeWorkload] = Object.values(sampleWorkloads);
  assert.ok(describeWorkload);
  const workload = describeWorkload(noFacts);
  const options = { parent: undefined as never, dependsOn: [] };

  it("reports each workload with what became of it, and answers as the platform does", () => {
    const seen: WatchedWorkload[] = [];
    watchWorkloads(
      (found) => seen.push(found),
      () => {
        const platformUnderTest = watched(platform);
        assert.equal(platformUnderTest.run(workload, options), running);
        assert.equal(platformUnderTest.conflicts(workload), problems);
        assert.equal(platformUnderTest.leftOverSettings(), problems);
        assert.equal(platformUnderTest.enrichment, platform.enrichment);
        assert.equal(platformUnderTest.publicUrls, platform.publicUrls);
        assert.equal(platformUnderTest.isOneMachine, true);
        assert.deepEqual(platformUnderTest.instanceAttributes("shop"), { workload: "shop" });
      },
    );
    assert.deepEqual(seen, [{ workload, running, platform }]);
  });

  it("does not report a workload that is refused", () => {
    const refusing: Platform = {
      ...platform,
      run: () => {
        throw new Error("refused");
      },
    };
    watchWorkloads(
      () => assert.fail("reported"),
      () => {
        assert.throws(() => watched(refusing).run(workload, options), { message: "refused" });
      },
    );
  });

  it("is the platform itself when nobody watches", () => {
    assert.equal(watched(platform), platform);
  });

  it("is watched as long as the program runs, over every wait", async () => {
    assert.equal(isWatched(), false);
    const during = watchWorkloads(
      () => undefined,
      async () => {
        await Promise.resolve();
        return isWatched();
      },
    );
    assert.equal(isWatched(), false);
    assert.equal(await during, true);
  });
});
