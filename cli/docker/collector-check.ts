import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { collectorConfigArgs, collectorFiles, fragmentSecrets } from "../../config/collector-fragment.ts";
import { failedCheck } from "../../config/failed-check.ts";
import { collectorSecretText, secretFile } from "../../config/expansion.ts";
import type { StackSettings } from "../../config/settings.ts";
import { CommandFailed, type Docker } from "./docker.ts";
import { UserError } from "../user-error.ts";

/**
 * Has the Collector itself look at what the user adds to its configuration, in a container of its own. The deployment
 * does so as well, but only when it has come that far.
 *
 * @throws UserError with the Collector's own words, before anything is changed.
 */
export async function checkCollector(stack: StackSettings, docker: Docker): Promise<void> {
  const { config } = stack.otelCollector;
  if (config === undefined || !stack.observability) return;
  const said = await validate(checkedFiles(stack, config), collectorConfigArgs(config), stack, docker);
  if (said === undefined) return;
  const message = failedCheck({ setting: "otelCollector.config", said, secrets: Object.values(stack.secrets) });
  throw new UserError(`${message}\nnothing was changed\n  next: correct the settings of the stack, then npm run up`);
}

type Files = Readonly<Record<string, string>>;

function checkedFiles(
  { memoryMib, otelCollector, serviceNamespace, secrets }: StackSettings,
  config: NonNullable<StackSettings["otelCollector"]["config"]>,
): Files {
  const settings = {
    memoryMib: memoryMib.otelCollector,
    queueMib: otelCollector.queueMib,
    serviceNamespace,
    enrichment: {},
  };
  const named = fragmentSecrets(config);
  return {
    ...Object.fromEntries(collectorFiles(settings, config).map(({ path, content }) => [path, content])),
    ...Object.fromEntries(
      Object.entries(secrets)
        .filter(([name]) => named.includes(name))
        .map(([name, text]) => [secretFile(name), collectorSecretText(text)]),
    ),
  };
}

/** What the Collector says against its configuration; `undefined` if it has nothing against it. */
async function validate(
  files: Files,
  args: readonly string[],
  { name, images }: StackSettings,
  docker: Docker,
): Promise<string | undefined> {
  const label = `observability.stack=${name}`;
  const options = ["--network", "none", "--cap-drop", "ALL", "--user", "10001:10001", "--label", label];
  const created = await docker.run(["create", ...options, images.otelCollector, "validate", ...args]);
  const container = created.trim();
  try {
    await copyInto(container, files, docker);
    await docker.run(["start", "--attach", container]);
    return undefined;
  } catch (error) {
    if (error instanceof CommandFailed && (await hasEnded(container, docker))) return error.stdout + error.stderr;
    throw error;
  } finally {
    await docker.run(["rm", "--force", "--volumes", container]);
  }
}

/** By copying, since a daemon on another machine sees no folder of this one. */
async function copyInto(container: string, files: Files, docker: Docker): Promise<void> {
  // Nobody else can enter it.
  const folder = mkdtempSync(join(tmpdir(), "observability-check-"));
  try {
    const root = join(folder, "root");
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    makeReadable(root, Object.keys(files));
    await docker.run(["cp", `${root}/.`, `${container}:/`]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Whatever the umask of this process: in the container another user reads them. */
function makeReadable(root: string, files: readonly string[]): void {
  for (const file of files) {
    chmodSync(join(root, file), 0o444);
    for (let folder = dirname(file); folder !== "/"; folder = dirname(folder)) chmodSync(join(root, folder), 0o755);
  }
  chmodSync(root, 0o755);
}

/** Whether the container has run: else it is Docker that failed. */
async function hasEnded(container: string, docker: Docker): Promise<boolean> {
  const state = await docker.run(["inspect", "--format", "{{.State.Status}} {{.State.StartedAt}}", container]);
  return state.startsWith("exited ") && !state.includes("0001-01-01");
}
