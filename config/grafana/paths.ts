/** Where Grafana finds and keeps things in its container. */
export const grafanaPaths = {
  data: "/var/lib/grafana",
  datasources: "/etc/grafana/provisioning/datasources/stack.yaml",
  dashboardProvider: "/etc/grafana/provisioning/dashboards/stack.yaml",
  alerting: "/etc/grafana/provisioning/alerting/stack.yaml",
  dashboards: "/etc/grafana/dashboards",
  /** Those of the user. */
  addedDashboards: "/etc/grafana/own-dashboards",
} as const;
