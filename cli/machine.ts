import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { UserError } from "./user-error.ts";

const run = promisify(execFile);

/** First Pulumi CLI that reads every flag of a command from the environment, as the documented set-up does. */
const oldestPulumi = [3, 208] as const;
/** First Node.js that runs TypeScript without a flag. */
const oldestNode = [22, 18] as const;

/**
 * Looks at what a deployment needs of the machine: Node.js, the Pulumi CLI, a Docker daemon.
 *
 * @returns one line for each part, for the user to read.
 * @throws UserError that says what is missing and what to do.
 */
export async function checkMachine(): Promise<readonly string[]> {
  if (!atLeast(process.versions.node, oldestNode)) {
    throw new UserError(
      `Node.js: must be at least ${oldestNode.join(".")}, got ${process.versions.node}\n` +
        "  next: run `npm ci` without --ignore-scripts (it brings the right version), then `npm run up`",
    );
  }
  const pulumi = await version(
    "pulumi",
    ["version"],
    "install it from https://www.pulumi.com/docs/iac/download-install/",
  );
  if (!atLeast(pulumi.replace(/^v/, ""), oldestPulumi)) {
    throw new UserError(
      `pulumi: must be at least ${oldestPulumi.join(".")}, got ${pulumi}\n  next: update the Pulumi CLI`,
    );
  }
  const docker = await version(
    "docker",
    ["version", "--format", "{{.Server.Version}}"],
    "start Docker, or set DOCKER_HOST or `docker context use` to a daemon that runs; then `npm run up`",
  );
  return [`Node.js ${process.versions.node}`, `Pulumi ${pulumi}`, `Docker ${docker}`];
}

async function version(command: string, args: readonly string[], next: string): Promise<string> {
  try {
    const { stdout } = await run(command, args, { timeout: 10_000 });
    return stdout.trim();
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const cause = missing
      ? "must be on the PATH, found none"
      : `must answer \`${command} ${args.join(" ")}\`, got: ${said}`;
    throw new UserError(`${command}: ${cause}\n  next: ${next}`);
  }
}

/** Whether a version is at least `major.minor`. */
export function atLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = version.split(".").map(Number);
  return a > major || (a === major && b >= minor);
}
