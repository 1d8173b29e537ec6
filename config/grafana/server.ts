import { grafanaSettingReference } from "../expansion.ts";
import { secretsFolder } from "../names.ts";
import { lokiAnswerSeconds } from "../parts/loki.ts";
import { dashboardPath } from "./dashboards/dashboards.ts";

/** Inputs of Grafana's own settings. */
export interface GrafanaServerSettings {
  readonly adminUser: string;
  /** Port on the user's machine, for the links that Grafana makes. */
  readonly hostPort: number;
  /** Address at which browsers find it elsewhere; `undefined` if only on the user's machine. */
  readonly publicUrl: string | undefined;
}

/** Address of Grafana for browsers, with a slash at its end. */
export function grafanaUrl({ publicUrl, hostPort }: Pick<GrafanaServerSettings, "publicUrl" | "hostPort">): string {
  return publicUrl === undefined ? `http://127.0.0.1:${hostPort}/` : publicUrl.replace(/\/*$/, "/");
}

/**
 * Name of the first user. Grafana has no way to escape what it replaces in its settings (expansion.ts), and in a login
 * that a program sends, the name ends at the first colon (RFC 7617).
 */
export const adminUserName = {
  pattern: new RegExp(`^(?!.*(?::|${grafanaSettingReference.source})).{1,100}$`),
  rule: "must be one line of 1 to 100 characters without a colon, and without ${, $__name{ and %(, which Grafana would replace",
  change: "set a name, for example admin",
} as const;

/** Files whose content is generated and secret. */
export const grafanaSecretFiles = {
  adminPassword: `${secretsFolder}/grafana-admin-password`,
  secretKey: `${secretsFolder}/grafana-secret-key`,
} as const;

/**
 * Grafana's settings as its environment (`GF_<section>_<key>`,
 * grafana.com/docs/grafana/latest/setup-grafana/configure-grafana). Secrets are files, never variables.
 */
export function grafanaServerEnv(settings: GrafanaServerSettings): Readonly<Record<string, string>> {
  return {
    GF_SECURITY_ADMIN_USER: settings.adminUser,
    GF_SECURITY_ADMIN_PASSWORD__FILE: grafanaSecretFiles.adminPassword,
    // Encrypts what Grafana stores; the default is the same for everybody and public.
    GF_SECURITY_SECRET_KEY__FILE: grafanaSecretFiles.secretKey,
    GF_SERVER_ROOT_URL: grafanaUrl(settings),
    GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: dashboardPath("services"),
    // One user, no other way in.
    GF_AUTH_ANONYMOUS_ENABLED: "false",
    GF_USERS_ALLOW_SIGN_UP: "false",
    GF_USERS_ALLOW_ORG_CREATE: "false",
    GF_SECURITY_COOKIE_SAMESITE: "strict",
    // Where browsers come by HTTPS, the login never travels without it.
    GF_SECURITY_COOKIE_SECURE: String(settings.publicUrl?.startsWith("https:") ?? false),
    GF_SECURITY_CONTENT_SECURITY_POLICY: "true",
    // No shorter than its slowest data source: the default of 30 s cuts long queries.
    GF_DATAPROXY_TIMEOUT: String(lokiAnswerSeconds),
    // Nothing leaves the machine.
    GF_ANALYTICS_REPORTING_ENABLED: "false",
    GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
    GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
    GF_NEWS_NEWS_FEED_ENABLED: "false",
    GF_SECURITY_DISABLE_GRAVATAR: "true",
    GF_SNAPSHOTS_EXTERNAL_ENABLED: "false",
    GF_PUBLIC_DASHBOARDS_ENABLED: "false",
    // Grafana ≥ 13 updates the bundled data sources from the internet at its start and loses them if it cannot (grafana#132528).
    GF_PLUGINS_PREINSTALL_AUTO_UPDATE: "false",
    GF_PLUGINS_PREINSTALL_DISABLED: "true",
    // Keys for plugin signatures come from grafana.com at the first start and every 10 days; one is built in (grafana#83059).
    GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED: "true",
    // Contact points that have just been deployed: Grafana looks for them every minute, and told those of before until then.
    GF_UNIFIED_ALERTING_ALERTMANAGER_CONFIG_POLL_INTERVAL: "10s",
    // The link from a span to its metrics, which Grafana takes for an experiment.
    GF_FEATURE_TOGGLES_ENABLE: "traceToMetrics",
    GF_LOG_MODE: "console",
    GF_LOG_LEVEL: "warn",
  };
}
