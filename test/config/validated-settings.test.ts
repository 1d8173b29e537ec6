import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dashboardsOf, isValidated } from "../../config/validated-settings.ts";
import { readDashboardFolder } from "../../config/grafana/dashboard-folder.ts";
import { parseSettings } from "../../config/parse-settings.ts";
import { recordedIdentity } from "../support/record-resources.ts";
import { settings } from "../support/settings.ts";

const dashboards = "test/fixtures/dashboards";

describe("complete settings", () => {
  it("are taken as they are, without another look at them", () => {
    const complete = settings({ retentionHours: 48 });
    assert.ok(isValidated(complete));
    assert.equal(parseSettings(complete, { project: "other", stack: "other" }), complete);
  });

  it("are validated like any input once a field of them is another", () => {
    const changed = { ...settings(), retentionHours: 1 };
    assert.equal(isValidated(changed), false);
    assert.throws(() => parseSettings(changed, recordedIdentity), {
      message: /^the configuration has 1 problem\(s\), nothing was changed \(OBS1001\):\n {2}retentionHours: must be /,
    });
    for (const other of [undefined, null, 5, "text", {}]) assert.equal(isValidated(other), false);
  });

  it("stay as they were judged, at every depth", () => {
    const complete = settings();
    assert.throws(() => {
      complete.memoryMib.loki = -1;
    }, TypeError);
    assert.throws(() => complete.kubernetes.tolerations.push({ key: "" }), TypeError);
  });

  it("hold the dashboards that were read for them, and those of no folder are none", () => {
    const { files } = readDashboardFolder(dashboards, "grafana.dashboards");
    assert.equal(files.length, 1);
    assert.deepEqual(dashboardsOf(settings({ grafana: { dashboards } })), files);
    const ofTeam = mkdtempSync(join(tmpdir(), "dashboards-"));
    const content = JSON.stringify({ uid: "of-team", title: "Of a team" });
    try {
      writeFileSync(join(ofTeam, "a.json"), content);
      const several = settings({ grafana: { dashboards: [dashboards, ofTeam] } });
      assert.deepEqual(dashboardsOf(several), [...files, { path: "a.json", content }]);
    } finally {
      rmSync(ofTeam, { recursive: true });
    }
    assert.deepEqual(dashboardsOf(settings()), []);
    assert.throws(() => dashboardsOf({ ...settings() }), {
      message: "the settings: must be validated, got others; hand them to parseSettings",
    });
  });
});
