import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { codeOf } from "./errors.ts";
import { firstLine } from "./text.ts";
import { UserError } from "./user-error.ts";

const run = promisify(execFile);

/** First Pulumi CLI that reads every flag of a command from the environment, as the documented set-up does. */
const oldestPulumi = [3, 208] as const;
/** First Node.js that runs TypeScript without a flag. */
const oldestNode = [22, 18] as const;

/**
 * Checks what every command needs of the machine: Node.js and the Pulumi CLI. Docker is checked later (docker.ts), when
 * the settings have said which daemon is meant.
 *
 * @returns name and version of each, for the user to read.
 * @throws UserError that says what is missing and what to do.
 */
export async function checkMachine(): Promise<readonly string[]> {
  const { node } = process.versions;
  const install = "run `npm ci` without --ignore-scripts (it brings the right version), then `npm run up`";
  refuseOlder("Node.js", node, oldestNode, install);
  const pulumi = await pulumiVersion();
  const update = "update it (https://www.pulumi.com/docs/iac/download-install/), then npm run up";
  refuseOlder("pulumi", pulumi, oldestPulumi, update);
  return [`Node.js ${node}`, `Pulumi ${pulumi}`];
}

function refuseOlder(what: string, version: string, oldest: readonly [number, number], next: string): void {
  if (atLeast(version.replace(/^v/, ""), oldest)) return;
  throw new UserError(`${what}: must be at least ${oldest.join(".")}, got ${version}\n  next: ${next}`);
}

async function pulumiVersion(): Promise<string> {
  try {
    const { stdout } = await run("pulumi", ["version"], { timeout: 8_000 });
    return stdout.trim();
  } catch (error) {
    const isMissing = codeOf(error) === "ENOENT";
    const why = isMissing
      ? "must be on the PATH, found none"
      : `must answer \`pulumi version\`, got: ${firstLine(String(error))}`;
    throw new UserError(
      `pulumi: ${why}\n` +
        "  next: install the Pulumi CLI (https://www.pulumi.com/docs/iac/download-install/), then npm run up",
    );
  }
}

/** Whether a version is at least `major.minor`. */
export function atLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = version.split(".").map((part) => Number.parseInt(part));
  return a > major || (a === major && b >= minor);
}
