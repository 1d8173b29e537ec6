import { noUserText } from "../expansion.ts";
import { lokiOverrides } from "../loki-overrides.ts";
import { sharedConfigMap } from "../names.ts";
import { bytesInGib } from "../units.ts";
import { part, type AnyPart, type Target } from "./part.ts";
import { scriptFolder, scriptPart, scriptProcess } from "./script-part.ts";
import { storeAmong, urlOf } from "./targets.ts";

const healthPort = 13134;

/** Where Kubernetes puts what a pod needs to trust the API server. */
const clusterCertificates = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";

/** Has Loki keep fewer days of logs where they would take more of its disk than they may. */
export const diskGuard = part({
  ...scriptPart,
  host: "disk-guard",
  title: "the disk guard",
  ports: {
    health: { port: healthPort, purpose: "`/`: what it reports, as JSON" },
  },
  reads: {
    args: [noUserText],
    env: [noUserText],
    [`${scriptFolder}/disk-guard`]: [noUserText],
    [`${scriptFolder}/canary`]: [noUserText],
  },
  connectsTo: (all) => [metricsAmong(all)],
  runs: (_, { maxLogGib }) => maxLogGib !== undefined,
  process: ({ memoryMib, retentionHours, maxLogGib = 0, isOneMachine, all }) => {
    return {
      ...scriptProcess("disk-guard", memoryMib),
      env: {
        METRICS_URL: urlOf(metricsAmong(all)),
        LIMIT_BYTES: `${maxLogGib * bytesInGib}`,
        RETENTION_HOURS: `${retentionHours}`,
        HEALTH_PORT: `${healthPort}`,
        OVERRIDES_FILE: lokiOverrides.path,
        // In a cluster no two pods have a folder in common.
        ...(isOneMachine
          ? {}
          : { OVERRIDES_CONFIG_MAP: sharedConfigMap(lokiOverrides), NODE_EXTRA_CA_CERTS: clusterCertificates }),
      },
      sharedFiles: [{ ...lokiOverrides, access: "changes" }],
    };
  },
});

/** Where the guard asks, and what it reports to. */
function metricsAmong(all: readonly AnyPart[]): Target {
  return storeAmong(all, "metrics", "prometheus", "disk-guard");
}
