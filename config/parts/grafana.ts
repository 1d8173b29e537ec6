import {
  grafanaDollar,
  grafanaReferences,
  grafanaSecretText,
  noUserText,
  secretFiles,
  secretsIn,
} from "../expansion.ts";
import { foreignList, group, oneOrMore, text } from "../fields.ts";
import { alerting } from "../grafana/alerting/provisioning.ts";
import { contactSecrets } from "../grafana/alerting/contact-points.ts";
import { smtpEnv, smtpSecretFiles } from "../grafana/alerting/smtp.ts";
import { dashboardProvider } from "../grafana/dashboard-provider.ts";
import { dashboardFiles } from "../grafana/dashboards/dashboards.ts";
import { runbooksFile } from "../grafana/dashboards/runbooks.ts";
import { datasourceShape } from "../grafana/datasource-schema.ts";
import { datasources, generatedDatasources } from "../grafana/datasources.ts";
import { addedDashboards } from "../grafana/added-dashboards.ts";
import { grafanaPaths } from "../grafana/paths.ts";
import { adminUserName, grafanaSecretFiles, grafanaServerEnv, grafanaUrl } from "../grafana/server.ts";
import { secretsFolder } from "../names.ts";
import { processMetrics } from "./own-metrics.ts";
import { part, targetsOf, type KeptMetric } from "./part.ts";

const httpPort = 3000;

/** Longest text of all data sources of the user, in KiB: they share a ConfigMap with the dashboards. */
export const datasourceKib = 64;

/** What is kept of Grafana's metrics about itself. Source: the metrics of 10.0.0 and 12.3.1, as they write them. */
const grafanaMetrics: Readonly<Record<string, KeptMetric>> = {
  ...processMetrics,
  grafana_page_response_status_total: { says: "pages, by HTTP status `code`" },
  grafana_api_response_status_total: { says: "requests to its API, by `code`" },
  grafana_proxy_response_status_total: { says: "requests to a store through it, by `code`" },
  grafana_http_request_duration_seconds: {
    says: "how long the queries of panels took, by `status_code`",
    isHistogram: true,
    only: { handler: "/api/ds/query" },
    isRare: true,
  },
  grafana_datasource_request_total: { says: "requests to a store, by `datasource` and `code`", isRare: true },
  grafana_alerting_alerts: { says: "alerts, by `state`" },
  grafana_alerting_scheduler_behind_seconds: { says: "how late it judges alert rules" },
  grafana_alerting_rule_evaluations_total: { says: "alert rules that it judged", isRare: true },
  grafana_alerting_rule_evaluation_failures_total: { says: "alert rules that it could not judge", isRare: true },
  grafana_alerting_notifications_total: { says: "notifications, by `integration`", isRare: true },
  grafana_alerting_notifications_failed_total: {
    says: "notifications that reached nobody, by `integration`",
    isRare: true,
  },
};

/** The user interface, complete at its first start: data sources, the links between them, and the home dashboard. */
export const grafana = part({
  host: "grafana",
  title: "Grafana",
  image: "grafana/grafana:12.3.1",
  memoryMib: { minimum: 128, default: 384 },
  data: { volume: "grafana_data", path: grafanaPaths.data, defaultGib: 1, backup: "all" },
  ports: {
    http: {
      port: httpPort,
      purpose: "user interface and HTTP API",
      published: { setting: "grafana", title: "Grafana", purpose: "dashboards and everything else", isOpened: true },
    },
  },
  configuredBy: "yaml",
  settings: group({
    adminUser: text(adminUserName).default("admin"),
    dashboards: oneOrMore(
      "paths of folders",
      { pattern: /^\S(.*\S)?$/, rule: "must be the path of a folder" },
      "write one that is relative to the folder of Pulumi.yaml, for example dashboards, or leave it out",
    ).optional(),
    datasources: foreignList(
      datasourceShape,
      {
        one: "a data source",
        several: "a list of data sources",
        change: "write name, type, uid and url, as in a provisioning file of Grafana",
      },
      datasourceKib,
    ).default([]),
  })
    .prefault({})
    .describe(
      "`adminUser`: Grafana's first user. `dashboards`, a folder or a list of folders, and `datasources`: what you add, see docs/own-code.md.",
    ),
  user: { userId: 472, groupId: 0 },
  stopGraceSeconds: 30,
  scratchPaths: ["/tmp"],
  readiness: {
    port: "http",
    httpPath: "/api/health",
    selfCheck: ["wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${httpPort}/api/health`],
    startPeriodSeconds: 60,
    gates: false,
  },
  // Grafana takes the password at its first start only, and reads what it has stored with its key.
  generatedSecrets: {
    "admin-password": { path: grafanaSecretFiles.adminPassword, isKept: true },
    "secret-key": { path: grafanaSecretFiles.secretKey, isKept: true },
  },
  metrics: { port: "http", kept: grafanaMetrics },
  reads: {
    args: [noUserText],
    env: ["grafanaSettings"],
    [grafanaPaths.datasources]: ["grafanaDatasources"],
    [grafanaPaths.alerting]: ["grafanaAlerting"],
    [grafanaPaths.dashboardProvider]: [noUserText],
    [grafanaPaths.dashboards]: [noUserText],
    [grafanaPaths.addedDashboards]: ["dashboards"],
    [secretsFolder]: ["grafanaSecret", "alertSecret"],
  },
  connectsTo: (all) => targetsOf(all, ({ datasource }) => datasource),
  opensElsewhere: ({ datasources }, { contactPoints }) => datasources.length > 0 || contactPoints.length > 0,
  process: ({
    settings,
    objectives,
    alerts,
    memoryLimitsMib,
    runningHosts,
    mostWaitingTraces,
    hostPorts,
    publicUrl,
    secrets,
    dashboards,
    all,
  }) => {
    const rules = { objectives, memoryLimitsMib, runningHosts };
    const { adminUser, datasources: further } = settings;
    const server = { adminUser, hostPort: hostPorts.http, publicUrl };
    const secretNames = [...secretsIn(further, grafanaReferences), ...contactSecrets(alerts.contactPoints)];
    const added = addedDashboards(dashboards);
    return {
      env: { ...(secretNames.length > 0 ? grafanaDollar : {}), ...grafanaServerEnv(server), ...smtpEnv(alerts) },
      configFiles: [
        { path: grafanaPaths.datasources, content: datasources(generatedDatasources(all), further) },
        { path: grafanaPaths.alerting, content: alerting(rules, alerts, grafanaUrl(server)) },
        { path: grafanaPaths.dashboardProvider, content: dashboardProvider(added.length > 0) },
        ...dashboardFiles({ mostWaitingTraces }),
        runbooksFile(),
        ...added,
      ],
      secretFiles: [...secretFiles(secretNames, secrets, grafanaSecretText), ...smtpSecretFiles(alerts, secrets)],
    };
  },
});
