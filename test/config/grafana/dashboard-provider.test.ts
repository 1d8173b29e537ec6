import assert from "node:assert/strict";
import { basename, dirname } from "node:path";
import { dashboardProvider } from "../../../config/grafana/dashboard-provider.ts";
import { dashboardPath } from "../../../config/grafana/dashboards/dashboards.ts";
import { grafanaPaths } from "../../../config/grafana/paths.ts";
import { provisioned } from "./support/provisioning.ts";

describe("Grafana's dashboard provider", () => {
  it("reads the folder in which the dashboards are, and no edit in the browser changes them, and one that is gone goes", () => {
    assert.deepEqual(provisioned(dashboardProvider()), {
      apiVersion: 1,
      providers: [
        {
          name: "stack",
          type: "file",
          folder: "Stack",
          disableDeletion: false,
          allowUiUpdates: false,
          updateIntervalSeconds: 30,
          options: { path: "/etc/grafana/dashboards" },
        },
      ],
    });
  });

  it("reads the folder of the dashboard that opens first", () => {
    assert.equal(dirname(dashboardPath("services")), grafanaPaths.dashboards);
    assert.equal(basename(dashboardPath("services")), "services.json");
  });

  it("is the same text every time", () => {
    assert.equal(dashboardProvider(), dashboardProvider());
  });
});
