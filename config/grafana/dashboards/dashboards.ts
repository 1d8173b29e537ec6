import { dashboardUids } from "../../names.ts";
import type { TextFile } from "../../text-file.ts";
import { grafanaPaths } from "../paths.ts";
import type { Dashboard, ShownSettings } from "./dashboard.ts";
import type { DashboardId } from "./links.ts";
import { costsDashboard } from "./costs.ts";
import { logsDashboard } from "./logs.ts";
import { pipelineDashboard } from "./pipeline.ts";
import { serviceDashboard } from "./service.ts";
import { servicesDashboard } from "./services.ts";
import { storesDashboard } from "./stores.ts";

/** Every dashboard of the stack. A new one is a file beside this one, its uid in config/names.ts, and a line here. */
export const dashboards: Readonly<Record<DashboardId, (shown?: ShownSettings) => Dashboard>> = {
  services: servicesDashboard,
  service: serviceDashboard,
  logs: logsDashboard,
  pipeline: pipelineDashboard,
  stores: storesDashboard,
  costs: costsDashboard,
};

/** The file of a dashboard in Grafana's container. */
export function dashboardPath(id: DashboardId): string {
  return `${grafanaPaths.dashboards}/${dashboardUids[id]}.json`;
}

/** Every dashboard as the file that Grafana reads. */
export function dashboardFiles(shown: ShownSettings = {}): readonly TextFile[] {
  return Object.entries(dashboards).map(([id, made]) => ({
    path: dashboardPath(id as DashboardId),
    content: `${JSON.stringify(made(shown), undefined, 1)}\n`,
  }));
}
