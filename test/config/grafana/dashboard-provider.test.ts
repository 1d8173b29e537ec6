import assert from "node:assert/strict";
import { basename, dirname } from "node:path";
import { dashboardProvider } from "../../../config/grafana/dashboard-provider.ts";
import { homeDashboardFile } from "../../../config/grafana/server.ts";
import { grafanaPaths } from "../../../config/grafana/paths.ts";
import { provisioned } from "./support/provisioning.ts";

describe("Grafana's dashboard provider", () => {
  it("reads the folder in which the dashboards are, and neither edits nor deletion in the browser change them", () => {
    assert.deepEqual(provisioned(dashboardProvider()), {
      apiVersion: 1,
      providers: [
        {
          name: "stack",
          type: "file",
          folder: "Stack",
          disableDeletion: true,
          allowUiUpdates: false,
          updateIntervalSeconds: 30,
          options: { path: "/etc/grafana/dashboards" },
        },
      ],
    });
  });

  it("reads the folder of the dashboard that opens first", () => {
    assert.equal(dirname(homeDashboardFile), grafanaPaths.dashboards);
    assert.equal(basename(homeDashboardFile), "services.json");
  });

  it("is the same text every time", () => {
    assert.equal(dashboardProvider(), dashboardProvider());
  });
});
