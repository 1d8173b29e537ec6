import assert from "node:assert/strict";
import fc from "fast-check";
import { grafanaSecretFiles, grafanaServerEnv, type GrafanaServerSettings } from "../../../config/grafana/server.ts";
import { anySettings } from "../../support/settings.ts";

const defaults: GrafanaServerSettings = { adminUser: "admin", hostPort: 3000, publicUrl: undefined };

/** Beginnings of the variables' names, by what they are about. */
const groups = {
  secrets: ["GF_SECURITY_ADMIN_", "GF_SECURITY_SECRET_"],
  access: ["GF_AUTH_", "GF_USERS_", "GF_SECURITY_COOKIE_", "GF_SECURITY_CONTENT_"],
  internet: ["GF_ANALYTICS_", "GF_NEWS_", "GF_PLUGINS_", "GF_SNAPSHOTS_", "GF_PUBLIC_", "GF_SECURITY_DISABLE_"],
  running: ["GF_DASHBOARDS_", "GF_DATAPROXY_", "GF_FEATURE_", "GF_LOG_", "GF_SERVER_", "GF_UNIFIED_"],
} as const;

/** The variables of a group. */
function env(group: keyof typeof groups): Record<string, string> {
  const all = Object.entries(grafanaServerEnv(defaults));
  return Object.fromEntries(all.filter(([key]) => groups[group].some((prefix) => key.startsWith(prefix))));
}

const settingsOf = anySettings.map(({ grafana, ports }) => ({
  adminUser: grafana.adminUser,
  hostPort: ports.grafana,
  publicUrl: undefined,
}));

describe("Grafana's environment", () => {
  it("names the files that hold the password and the key, and nothing in it is either of them", () => {
    assert.deepEqual(env("secrets"), {
      GF_SECURITY_ADMIN_USER: "admin",
      GF_SECURITY_ADMIN_PASSWORD__FILE: "/run/secrets/grafana-admin-password",
      GF_SECURITY_SECRET_KEY__FILE: "/run/secrets/grafana-secret-key",
    });
    const secret = Object.entries(grafanaServerEnv(defaults)).filter(([key]) => /PASSWORD|SECRET|TOKEN/.test(key));
    assert.deepEqual(
      secret.map(([, value]) => value),
      Object.values(grafanaSecretFiles),
    );
  });

  it("lets one user in and nobody else: no anonymous access, no sign-up, no new organisation", () => {
    assert.deepEqual(env("access"), {
      GF_AUTH_ANONYMOUS_ENABLED: "false",
      GF_USERS_ALLOW_SIGN_UP: "false",
      GF_USERS_ALLOW_ORG_CREATE: "false",
      GF_SECURITY_COOKIE_SAMESITE: "strict",
      GF_SECURITY_COOKIE_SECURE: "false",
      GF_SECURITY_CONTENT_SECURITY_POLICY: "true",
    });
  });

  it("keeps a login to HTTPS where browsers come by HTTPS", () => {
    const secure = (publicUrl: string): string | undefined =>
      grafanaServerEnv({ ...defaults, publicUrl })["GF_SECURITY_COOKIE_SECURE"];
    assert.deepEqual(
      [secure("https://grafana.example.com/"), secure("http://grafana.example.com/")],
      ["true", "false"],
    );
  });

  it("keeps Grafana from the internet: no reports, no updates, no keys, no plugins, no news, no shared snapshots", () => {
    assert.deepEqual(env("internet"), {
      GF_ANALYTICS_REPORTING_ENABLED: "false",
      GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
      GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
      GF_NEWS_NEWS_FEED_ENABLED: "false",
      GF_SECURITY_DISABLE_GRAVATAR: "true",
      GF_SNAPSHOTS_EXTERNAL_ENABLED: "false",
      GF_PUBLIC_DASHBOARDS_ENABLED: "false",
      GF_PLUGINS_PREINSTALL_AUTO_UPDATE: "false",
      GF_PLUGINS_PREINSTALL_DISABLED: "true",
      GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED: "true",
    });
  });

  it("opens the services dashboard, shows the metrics of a span, logs warnings to stdout, links to the published port", () => {
    assert.deepEqual(env("running"), {
      GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: "/etc/grafana/dashboards/services.json",
      GF_DATAPROXY_TIMEOUT: "130",
      GF_FEATURE_TOGGLES_ENABLE: "traceToMetrics",
      GF_LOG_MODE: "console",
      GF_LOG_LEVEL: "warn",
      GF_SERVER_ROOT_URL: "http://127.0.0.1:3000/",
      GF_UNIFIED_ALERTING_ALERTMANAGER_CONFIG_POLL_INTERVAL: "10s",
    });
  });

  it("sets nothing that these tests do not name", () => {
    const named = (Object.keys(groups) as (keyof typeof groups)[]).map(env);
    assert.deepEqual(Object.assign({}, ...named), grafanaServerEnv(defaults));
  });

  it("holds for any valid settings: links by the published port, the user's name", () => {
    fc.assert(
      fc.property(settingsOf, (settings) => {
        const made = grafanaServerEnv(settings);
        assert.deepEqual(made, {
          ...grafanaServerEnv(defaults),
          GF_SECURITY_ADMIN_USER: settings.adminUser,
          GF_SERVER_ROOT_URL: `http://127.0.0.1:${settings.hostPort}/`,
        });
        assert.deepEqual(grafanaServerEnv(settings), made);
      }),
    );
  });
});
