import assert from "node:assert/strict";
import { dashboardUids, dataVolumeName, instanceName } from "../../config/names.ts";

describe("names", () => {
  it("keep the addresses of dashboards", () => {
    assert.deepEqual(dashboardUids, {
      services: "services",
      service: "service",
      logs: "logs",
      pipeline: "pipeline",
      stores: "stores",
      costs: "costs",
    });
  });

  it("are a volume's with an underscore, and count instances from the second", () => {
    assert.equal(dataVolumeName("observability-dev", "loki_data"), "observability-dev_loki_data");
    const names = [1, 2, 3].map((instance) => instanceName("observability-dev", "shop", instance));
    assert.deepEqual(names, ["observability-dev-shop", "observability-dev-shop-2", "observability-dev-shop-3"]);
  });
});
