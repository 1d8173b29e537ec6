import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { codedError } from "../../../config/coded-error.ts";

const clientConfig = z.object({ currentContext: z.string().optional() });
const contextMeta = z.object({ Endpoints: z.object({ docker: z.object({ Host: z.string() }) }) });

/**
 * The daemon that the `docker` command talks to: DOCKER_HOST, else DOCKER_CONTEXT or the current context, else the
 * standard socket. The provider alone would miss the current context (pulumi-docker#1106), and with it Docker Desktop,
 * Colima and OrbStack.
 *
 * @throws Error if the context has no readable address.
 */
export function resolveDockerHost(env: NodeJS.ProcessEnv): string {
  if (env["DOCKER_HOST"] !== undefined && env["DOCKER_HOST"] !== "") return env["DOCKER_HOST"];
  const folder = env["DOCKER_CONFIG"] ?? join(homedir(), ".docker");
  const context = env["DOCKER_CONTEXT"] ?? currentContext(folder);
  if (context === undefined || context === "" || context === "default") return "unix:///var/run/docker.sock";
  const meta = join(folder, "contexts", "meta", createHash("sha256").update(context).digest("hex"), "meta.json");
  if (!existsSync(meta)) {
    const message = `docker context ${context}: must exist, found no ${meta}; run \`docker context ls\` or set DOCKER_HOST`;
    throw codedError("OBS1204", message);
  }
  return contextMeta.parse(JSON.parse(readFileSync(meta, "utf8"))).Endpoints.docker.Host;
}

function currentContext(folder: string): string | undefined {
  const file = join(folder, "config.json");
  return existsSync(file) ? clientConfig.parse(JSON.parse(readFileSync(file, "utf8"))).currentContext : undefined;
}
