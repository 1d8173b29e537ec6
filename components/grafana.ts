import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { grafanaDollar } from "../config/expansion.ts";
import { dashboardProvider } from "../config/grafana/dashboard-provider.ts";
import { servicesDashboard } from "../config/grafana/dashboards/services.ts";
import { datasources } from "../config/grafana/datasources.ts";
import type { OwnDashboard } from "../config/grafana/own-dashboards.ts";
import { datasourceSecrets, type OwnDatasource } from "../config/grafana/own-datasources.ts";
import {
  grafanaSecretFiles,
  grafanaServerEnv,
  homeDashboardFile,
  type GrafanaServerSettings,
} from "../config/grafana/server.ts";
import { hosts, paths, ports, volumes } from "../config/names.ts";
import type { Platform, RunningWorkload } from "./platform/platform.ts";
import type { SecretFile, Workload } from "./platform/workload.ts";

/** What Grafana is made from. */
export interface GrafanaArgs {
  readonly platform: Platform;
  readonly image: string;
  readonly memoryMib: number;
  /** Port on the user's machine. */
  readonly hostPort: number;
  readonly adminUser: string;
  /** Dashboards of the user. */
  readonly dashboards: readonly OwnDashboard[];
  /** Data sources of the user. */
  readonly datasources: readonly OwnDatasource[];
  /** The secrets that {@link datasources} refer to. */
  readonly secretFiles: readonly SecretFile[];
  readonly replicas: number;
  /** Resources that have to be ready before Grafana starts. */
  readonly startsAfter: readonly pulumi.Input<pulumi.Resource>[];
}

/** The user interface, complete at its first start: data sources, the links between them, and the home dashboard. */
export class Grafana extends pulumi.ComponentResource {
  readonly running: RunningWorkload;
  /** Password of {@link GrafanaArgs.adminUser}, generated once and kept as long as the data. */
  readonly adminPassword: pulumi.Output<string>;

  constructor(name: string, args: GrafanaArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:index:Grafana", name, {}, opts);
    this.adminPassword = this.generatedSecret(`${name}-admin-password`);
    const secretFiles = [
      { path: grafanaSecretFiles.adminPassword, content: this.adminPassword },
      { path: grafanaSecretFiles.secretKey, content: this.generatedSecret(`${name}-secret-key`) },
      ...args.secretFiles,
    ];
    const publicUrl = args.platform.publicUrls[hosts.grafana];
    const workload = grafanaWorkload({ ...args, publicUrl }, secretFiles);
    this.running = args.platform.run(workload, { parent: this, dependsOn: args.startsAfter });
    this.registerOutputs({});
  }

  /** Kept with the data volume: Grafana takes the password at its first start only, another one would fit nothing. */
  private generatedSecret(name: string): pulumi.Output<string> {
    return new random.RandomPassword(
      name,
      { length: 32, special: false },
      { parent: this, protect: true, ignoreChanges: ["length", "special"] },
    ).result;
  }
}

/** Grafana as a workload. */
export function grafanaWorkload(
  args: Omit<GrafanaArgs, "platform" | "startsAfter" | "secretFiles"> & Pick<GrafanaServerSettings, "publicUrl">,
  secretFiles: readonly SecretFile[],
): Workload {
  return {
    name: hosts.grafana,
    image: { kind: "reference", reference: args.image },
    args: [],
    env: { ...(datasourceSecrets(args.datasources).length > 0 ? grafanaDollar : {}), ...grafanaServerEnv(args) },
    configFiles: [
      { path: paths.grafanaDatasources, content: datasources(args.datasources) },
      { path: paths.grafanaDashboardProvider, content: dashboardProvider(args.dashboards.length > 0) },
      { path: homeDashboardFile, content: servicesDashboard() },
      ...args.dashboards,
    ],
    secretFiles,
    check: "none",
    ports: [{ name: "http", port: ports.grafanaHttp, hostPort: args.hostPort }],
    dataVolumes: [{ name: volumes.grafana, path: paths.grafanaData }],
    imageMounts: [],
    scratchPaths: ["/tmp"],
    readiness: {
      port: ports.grafanaHttp,
      httpPath: "/api/health",
      selfCheck: ["wget", "-q", "-O", "/dev/null", `http://127.0.0.1:${ports.grafanaHttp}/api/health`],
      intervalSeconds: 2,
      startPeriodSeconds: 60,
      gates: false,
    },
    memoryMib: args.memoryMib,
    userId: 472,
    groupId: 0,
    stopGraceSeconds: 30,
    replicas: args.replicas,
    readsInstances: false,
  };
}
