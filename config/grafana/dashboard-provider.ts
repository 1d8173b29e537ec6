import { stringify } from "yaml";
import { paths } from "../names.ts";

/** Tells Grafana where the stack's dashboards are. They are code: what is edited in the browser is not kept. */
export function dashboardProvider(): string {
  return stringify({
    apiVersion: 1,
    providers: [
      {
        name: "stack",
        type: "file",
        folder: "Stack",
        disableDeletion: true,
        allowUiUpdates: false,
        updateIntervalSeconds: 30,
        options: { path: paths.grafanaDashboards },
      },
    ],
  });
}
