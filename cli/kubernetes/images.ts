import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { imageDelivery } from "../../config/image-delivery.ts";
import type { ProgramSettings } from "../../config/program-settings.ts";
import type { StackSettings } from "../../config/settings-and-defaults.ts";
import type { Docker } from "../docker/docker.ts";
import { pullMissing } from "../docker/images.ts";
import { codeOf, messageOf } from "../errors.ts";
import type { Say } from "../target.ts";
import { oneLine } from "../text.ts";
import { UserError } from "../user-error.ts";
import type { Cluster } from "./cluster.ts";
import { orSay } from "./room.ts";

const run = promisify(execFile);

/**
 * Makes sure that the image of the example services, if it is needed, can be built for the cluster and brought into it.
 * What else the cluster runs, it pulls itself.
 *
 * @throws UserError with what is missing, before anything is created.
 */
export async function prepareImages(
  cluster: Cluster,
  { stack, example }: ProgramSettings,
  docker: Docker,
  say: Say,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  if (!example.exampleServices) return;
  await checkBuildPlatform(cluster, stack, docker, say);
  await docker.serverVersion();
  await checkDelivery(stack, env);
  await pullMissing([stack.images.node], docker, say, stack.docker.buildPlatform);
}

/**
 * An image is for one platform, and a container of another one ends with "exec format error".
 *
 * @throws UserError with what to set, if a node that pods may run on has another platform.
 */
async function checkBuildPlatform(cluster: Cluster, stack: StackSettings, docker: Docker, say: Say): Promise<void> {
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
    "OBS1310",
    `docker.buildPlatform: must be the platform of every node that pods may run on (${nodes.join(", ")}), got ${got}\n` +
      `nothing was changed\n  next: ${change}`,
  );
}

/** Each platform of the nodes that have these labels, once. */
async function platformsOf(
  cluster: Cluster,
  nodeSelector: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const { items } = await cluster.ask(cluster.core.listNode());
  const usable = items.filter(({ metadata }) =>
    Object.entries(nodeSelector).every(([label, value]) => metadata?.labels?.[label] === value),
  );
  const infos = usable.flatMap(({ status }) => status?.nodeInfo ?? []);
  return [...new Set(infos.map((info) => `${info.operatingSystem}/${info.architecture}`))].sort();
}

/** @throws UserError if the program is missing that brings an image into the cluster. */
async function checkDelivery({ kubernetes }: StackSettings, env: NodeJS.ProcessEnv): Promise<void> {
  const program = programOf(imageDelivery(kubernetes) ?? "");
  if (program === undefined || (await isThere(program, env))) return;
  throw new UserError(
    "OBS1311",
    `${program}: must be on the PATH, since it brings the services' image into the cluster, found none\n` +
      "  next: install it, or say how by npm run up -- --target kubernetes --registry REGISTRY or --load-command COMMAND",
  );
}

/**
 * Brings images that Docker has into the cluster, as the program brings those that are built here.
 *
 * @throws UserError if the settings say no way, or with what its command says of an image.
 */
export async function deliverImages(
  references: readonly string[],
  { docker, kubernetes }: StackSettings,
  say: Say,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const command = imageDelivery(kubernetes);
  if (command === undefined) {
    throw new UserError(
      "OBS1311",
      "kubernetes.registry: must say where the cluster has images from, or kubernetes.loadCommand how they get there, got neither\n" +
        "  next: npm run up -- --target kubernetes --registry REGISTRY or --load-command COMMAND, and --bundle FILE",
    );
  }
  for (const reference of references) {
    say(`bringing ${reference} into the cluster`);
    try {
      const host = docker.host === undefined ? {} : { DOCKER_HOST: docker.host };
      await run("sh", ["-c", command], { env: { ...env, ...host, IMAGE: reference } });
    } catch (error) {
      throw new UserError(
        "OBS1311",
        `image ${reference}: must get into the cluster by \`${command}\`, got: ${oneLine(messageOf(error))}\n` +
          "  next: correct kubernetes.registry or kubernetes.loadCommand, then npm run up with the same --bundle",
        { cause: error },
      );
    }
  }
}

/** The first program of a shell command, behind variables that are set for it. */
export function programOf(command: string): string | undefined {
  return /^\s*(?:\w+=\S*\s+)*(?!\w+=)([^\s"'$`|&;()<>]+)(?=\s|$)/.exec(command)?.[1];
}

async function isThere(program: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    await run("sh", ["-c", 'command -v "$0"', program], { env });
    return true;
  } catch (error) {
    if (typeof codeOf(error) === "number") return false;
    throw error;
  }
}
