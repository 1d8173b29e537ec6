import assert from "node:assert/strict";
import { userInfo } from "node:os";
import type { UpdateSummary } from "@pulumi/pulumi/automation/index.js";
import { annotation, markDeployments, unmarked, type EndedUpdate } from "../../cli/deployment-marks.ts";
import { HttpError } from "../../cli/grafana-client.ts";
import type { Progress } from "../../cli/progress.ts";

const git = { "git.head": "9fac570310abb09879d72a65542aff8b9228dd4e", "git.headName": "refs/heads/main" };

/** A deployment that began so many seconds after 1970 and took five. */
function update(startSeconds: number, some: Partial<EndedUpdate> = {}): UpdateSummary {
  const startTime = new Date(startSeconds * 1000);
  const endTime = new Date((startSeconds + 5) * 1000);
  const common = { message: "", config: {}, version: 0, environment: git };
  return {
    ...common,
    kind: "update",
    result: "succeeded",
    resourceChanges: { create: 1, same: 4 },
    startTime,
    endTime,
    ...some,
  };
}

describe("which deployments are marked", () => {
  const begun = (updates: readonly EndedUpdate[]): number[] =>
    updates.map(({ startTime }) => startTime.getTime() / 1000);

  it("are those since the newest mark, oldest first", () => {
    assert.deepEqual(begun(unmarked([update(40), update(30), update(20)], 20_000)), [30, 40]);
  });

  it("is the newest alone where nothing is marked yet", () => {
    assert.deepEqual(begun(unmarked([update(40), update(30)], undefined)), [40]);
  });

  it("are none that changed nothing, or are not over, or looked only", () => {
    const others = [
      update(40, { resourceChanges: { same: 5, refresh: 5 } }),
      update(41, { result: "in-progress" }),
      update(42, { kind: "refresh", resourceChanges: { update: 1 } }),
      update(43, { kind: "preview" }),
    ];
    assert.deepEqual(unmarked(others, 20_000), []);
    assert.deepEqual(unmarked(others, undefined), []);
  });

  it("are such that failed, and such that took the stack down", () => {
    const others = [update(41, { result: "failed" }), update(40, { kind: "destroy", resourceChanges: { delete: 2 } })];
    assert.deepEqual(begun(unmarked(others, 20_000)), [40, 41]);
  });
});

describe("the mark of a deployment", () => {
  const changed: Progress["changed"] = [
    { change: "replaced", name: "shop-loki" },
    { change: "updated", name: "shop-<b>" },
    { change: "replaced", name: "shop-grafana" },
  ];

  it("says what was done to what, by whom, and the commit, over the time that it took", () => {
    assert.deepEqual(annotation(update(40), ["deployment", "stack:shop"], changed), {
      time: 40_000,
      timeEnd: 45_000,
      tags: ["deployment", "stack:shop"],
      text: `updated shop-&lt;b&gt;; replaced shop-loki, shop-grafana<br>by ${userInfo().username}<br>commit 9fac570310ab on main`,
    });
  });

  it("counts where names are not known, or too many", () => {
    const text = (names: Progress["changed"] | undefined, some: Partial<EndedUpdate>): string =>
      annotation(update(40, some), [], names).text.replace(/<br>.*/, "");
    const counts = { create: 50, update: 2, replace: 1, "create-replacement": 1, "delete-replaced": 1, delete: 3 };
    assert.equal(text(undefined, { resourceChanges: counts }), "created 50, updated 2, replaced 1, deleted 3");
    const many = Array.from({ length: 13 }, (_, index) => ({ change: "created" as const, name: `part-${index}` }));
    assert.equal(text(many, {}), "created 13 resources");
  });

  it("says that it failed, and that the commit is not all", () => {
    const environment = { "git.head": "9fac570310ab", "git.headName": "HEAD", "git.dirty": "true" };
    const { tags, text } = annotation(update(40, { result: "failed", environment }), ["deployment"], undefined);
    assert.deepEqual(tags, ["deployment", "failed"]);
    assert.equal(text, "failed half-way<br>created 1<br>commit 9fac570310ab, with changes that are not committed");
  });

  it("says nothing of a commit outside of git", () => {
    assert.equal(annotation(update(40, { environment: {} }), [], undefined).text, "created 1");
  });
});

describe("marking deployments", () => {
  const history = [update(40, { resourceChanges: { replace: 1 } }), update(30)];
  const stack = { name: "dev", history: () => Promise.resolve(history) };
  const changed = [{ change: "replaced" as const, name: "shop-loki" }];

  interface Asked {
    readonly path: string;
    readonly body?: object;
  }

  /** A Grafana with a mark of that time. */
  function grafanaWith(marks: readonly object[]): {
    readonly asked: Asked[];
    readonly get: (path: string) => Promise<unknown>;
    readonly post: (path: string, body: object) => Promise<unknown>;
  } {
    const asked: Asked[] = [];
    const get = (path: string): Promise<unknown> => {
      asked.push({ path });
      return Promise.resolve(marks);
    };
    const post = (path: string, body: object): Promise<unknown> => {
      asked.push({ path, body });
      return Promise.resolve({});
    };
    return { asked, get, post };
  }

  it("writes each that is missing, and the names of what this one changed", async () => {
    const grafana = grafanaWith([{ time: 20_000 }]);
    const result = await markDeployments(stack, grafana, changed);
    assert.deepEqual(grafana.asked, [
      { path: "/api/annotations?type=annotation&limit=1&tags=deployment&tags=stack%3Adev" },
      ...[annotation(update(30), ["deployment", "stack:dev"], undefined)].map((body) => ({
        path: "/api/annotations",
        body,
      })),
      { path: "/api/annotations", body: annotation(update(40), ["deployment", "stack:dev"], changed) },
    ]);
    assert.equal(result?.passed === true ? result.detail : undefined, "2 deployments");
  });

  it("writes nothing and says nothing if all are marked", async () => {
    const grafana = grafanaWith([{ time: 40_000 }]);
    assert.equal(await markDeployments(stack, grafana, []), undefined);
    assert.equal(grafana.asked.length, 1);
  });

  it("does nothing where there is no Grafana", async () => {
    assert.equal(await markDeployments(stack, undefined, changed), undefined);
  });

  it("fails by what Grafana answers", async () => {
    const refusing = { ...grafanaWith([]), post: () => Promise.reject(new HttpError("/api/annotations", 500, "full")) };
    assert.deepEqual(await markDeployments(stack, refusing, []), {
      name: "mark on the dashboards",
      passed: false,
      cause: "Error: /api/annotations answered 500: full",
      next: "npm run up",
    });
  });
});
