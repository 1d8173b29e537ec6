import { UserError } from "./user-error.ts";

/** First Node.js that runs TypeScript without a flag. */
const oldestNode = [22, 18] as const;

/** The same for the user to read. */
export const wantedNode = `${oldestNode.join(".")} or newer`;

/**
 * Makes sure that this Node.js is new enough.
 *
 * @returns its version
 * @throws UserError that says what to do.
 */
export function checkNode({ node }: Pick<NodeJS.ProcessVersions, "node"> = process.versions): string {
  if (atLeast(node, oldestNode)) return node;
  throw new UserError(
    "OBS1101",
    `Node.js: must be at least ${oldestNode.join(".")}, got ${node}\n` +
      "  next: run `npm ci` without --ignore-scripts (it brings the right version), then `npm run up`",
  );
}

/** Whether a version is at least `major.minor`. */
export function atLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = version.split(".").map((part) => Number.parseInt(part));
  return a > major || (a === major && b >= minor);
}
