import { noUserText } from "../expansion.ts";
import { lokiOverrides } from "../loki-overrides.ts";
import { sharedConfigMap } from "../names.ts";
import { nodeScript } from "../node-script.ts";
import { bytesInGib } from "../units.ts";
import { nodeImage, part, type AnyPart, type Target } from "./part.ts";
import { storeAmong, urlOf } from "./targets.ts";

const healthPort = 13134;
const folder = "/opt";

/** Where Kubernetes puts what a pod needs to trust the API server. */
const clusterCertificates = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";

/** Has Loki keep fewer days of logs where they would take more of its disk than they may. */
export const diskGuard = part({
  host: "disk-guard",
  title: "the disk guard",
  image: nodeImage,
  runtime: "nodejs",
  memoryMib: { minimum: 48, default: 64 },
  data: "none",
  ports: {
    health: { port: healthPort, purpose: "`/`: what it reports, as JSON" },
  },
  configuredBy: "env",
  // The user node of the image.
  user: { userId: 1000, groupId: 1000 },
  stopGraceSeconds: 10,
  // Each time would be a whole Node.js.
  readiness: { port: "health", httpPath: "/", selfCheck: "none", startPeriodSeconds: 10, gates: false },
  reads: {
    args: [noUserText],
    env: [noUserText],
    [`${folder}/disk-guard`]: [noUserText],
    [`${folder}/canary`]: [noUserText],
  },
  connectsTo: (all) => [metricsAmong(all)],
  runs: (_, { maxLogGib }) => maxLogGib !== undefined,
  process: ({ memoryMib, retentionHours, maxLogGib = 0, isOneMachine, all }) => {
    return {
      args: ["node", `--max-old-space-size=${Math.floor(memoryMib / 4)}`, `${folder}/disk-guard/main.mjs`],
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
      configFiles: nodeScript(folder, "disk-guard"),
      sharedFiles: [{ ...lokiOverrides, access: "changes" }],
    };
  },
});

/** Where the guard asks, and what it reports to. */
function metricsAmong(all: readonly AnyPart[]): Target {
  return storeAmong(all, "metrics", "prometheus", "disk-guard");
}
