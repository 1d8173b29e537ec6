import { stringify } from "yaml";
import { grafanaPaths } from "./paths.ts";

/**
 * The provisioning file that tells Grafana where dashboards are. They are code: edits in the browser are not kept,
 * and one whose file is gone goes.
 *
 * @param hasAdded whether there are dashboards of the user, each in a folder that is one in Grafana as well
 */
export function dashboardProvider(hasAdded = false): string {
  const common = { type: "file", allowUiUpdates: false, updateIntervalSeconds: 30, disableDeletion: false };
  const stack = { name: "stack", ...common, folder: "Stack" };
  const added = { name: "own", ...common };
  const options = { path: grafanaPaths.addedDashboards, foldersFromFilesStructure: true };
  return stringify({
    apiVersion: 1,
    providers: [{ ...stack, options: { path: grafanaPaths.dashboards } }, ...(hasAdded ? [{ ...added, options }] : [])],
  });
}
