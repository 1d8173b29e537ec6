import type { ProgramSettings } from "../../config/program-settings.ts";
import type { Docker } from "../docker/docker.ts";
import type { Say } from "../target.ts";
import { UserError } from "../user-error.ts";
import type { Cluster } from "./cluster.ts";
import { orSay } from "./room.ts";

/**
 * Makes sure that the nodes can run what is built here: an image is for one platform, and a container of another one
 * ends with "exec format error".
 *
 * @param docker the daemon that builds, whose own platform is taken where the settings name none
 * @throws UserError with what to set, if a node that pods may run on has another platform.
 */
export async function checkBuildPlatform(
  cluster: Cluster,
  { stack, example }: ProgramSettings,
  docker: Docker,
  say: Say,
): Promise<void> {
  if (!example.exampleServices) return;
  const { nodeSelector } = stack.kubernetes;
  const nodes = await orSay(say, "the platforms of the nodes", () => platformsOf(cluster, nodeSelector));
  const { buildPlatform } = stack.docker;
  const built = buildPlatform ?? (await docker.serverPlatform());
  // A node does not say the variant of its processor: `linux/arm` of `linux/arm/v7`.
  if (nodes.every((platform) => built === platform || built.startsWith(`${platform}/`))) return;
  const got = buildPlatform === undefined ? `${built}, that of Docker here` : built;
  const change =
    nodes.length === 1
      ? `npm run pulumi -- config set --path docker.buildPlatform ${nodes.join("")}`
      : "choose the nodes of one platform by kubernetes.nodeSelector, for example kubernetes.io/arch: amd64, and name it in docker.buildPlatform";
  throw new UserError(
    `docker.buildPlatform: must be the platform of every node that pods may run on (${nodes.join(", ")}), got ${got}\n` +
      `nothing was changed\n  next: ${change}`,
  );
}

/** Each platform of the nodes that have these labels, once. */
async function platformsOf(
  cluster: Cluster,
  nodeSelector: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const { items } = await cluster.ask(() => cluster.core.listNode());
  const platforms = items
    .filter(({ metadata }) =>
      Object.entries(nodeSelector).every(([label, value]) => metadata?.labels?.[label] === value),
    )
    .flatMap(({ status }) => {
      const info = status?.nodeInfo;
      return info === undefined ? [] : [`${info.operatingSystem}/${info.architecture}`];
    });
  return [...new Set(platforms)].sort();
}
