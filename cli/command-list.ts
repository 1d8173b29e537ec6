/** What a user does with a stack, each with one line: for `npm run help` and, by `npm run docs`, for the README. */
export const commandLines: readonly { readonly command: string; readonly does: string }[] = [
  {
    command: "npm run up",
    does: "deploys or repairs: a container that was stopped, removed or is unhealthy is back after it",
  },
  {
    command: "npm run doctor",
    does: "shows what this machine has of everything that is needed, and what to do; changes nothing",
  },
  { command: "npm run open", does: "prints the addresses; on Kubernetes forwards them to the cluster until Ctrl-C" },
  { command: "npm run verify", does: "proves at any time that a request is found again, link by link" },
  {
    command: "npm run verify -- --service NAME",
    does: "proves that a service's own logs, traces and metrics arrive, and that their links lead on",
  },
  {
    command: "npm run why -- SERVICE",
    does: "says why nothing arrives of a service, most probable cause first; without a name what arrives",
  },
  { command: "npm run alert:test", does: "sends a test alert the way of every other one, and says whom it reached" },
  {
    command: "npm run preview",
    does: "prints what would be deployed, without Docker and Pulumi's engine; `-- --diff` what would change",
  },
  {
    command: "npm run images:lock",
    does: "writes the digest of each image to `images.lock.json`, by which it is the same one everywhere",
  },
  {
    command: "npm run bundle -- FILE",
    does: "writes everything that `npm run up` needs to a file, for a machine without a network",
  },
  {
    command: "npm run backup -- DIR",
    does: "writes what the stores have to a folder, while telemetry goes on to arrive",
  },
  {
    command: "npm run restore -- DIR",
    does: "asks, then replaces what the stores have by that of a backup (`--yes` answers)",
  },
  { command: "npm run password", does: "prints Grafana's password, which nothing else ever prints" },
  {
    command: "npm run down",
    does: "stops everything; data and credentials are kept for the next `npm run up`",
  },
  {
    command: "npm run down -- --destroy-data",
    does: "asks, then removes data and credentials as well (`--yes` answers)",
  },
  {
    command: "npm run pulumi -- …",
    does: "any `pulumi` command on the stack `dev`, or the one that `--stack` names",
  },
  { command: "npm run help", does: "prints these lines" },
  {
    command: "npm test",
    does: "unit tests, contract suite and previews, without Docker and without Pulumi's engine",
  },
];

/** The script of package.json that a command runs. */
export function scriptOf(command: string): string {
  return command.split(" ").filter((word) => word !== "npm" && word !== "run")[0] ?? "";
}

/** The commands that are none of a stack of ours: Pulumi's own options, and what needs no stack. */
const withoutStack: readonly string[] = ["pulumi", "help", "test"];

/** The scripts that take `--stack` and `--target`, each once. */
export const stackCommands: readonly string[] = [
  ...new Set(commandLines.map(({ command }) => scriptOf(command)).filter((script) => !withoutStack.includes(script))),
];
