import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { collectorConfigArgs, collectorFiles, fragmentSecrets } from "../../config/collector-fragment.ts";
import { failedCheck } from "../../config/failed-check.ts";
import { collectorSecretText, secretFile } from "../../config/expansion.ts";
import { dockerLabels } from "../../config/names.ts";
import type { StackSettings } from "../../config/settings.ts";
import { untilInterrupted } from "../interrupt.ts";
import { UserError } from "../user-error.ts";
import { CommandFailed, type Docker } from "./docker.ts";

/**
 * Has the Collector itself look at what the user adds to its configuration, in a container of its own. The deployment
 * does so as well, but only when it has come that far.
 *
 * @param owner whose the container is, as its label has it
 * @throws UserError with the Collector's own words, before anything is changed; or if Ctrl-C or SIGTERM ended it.
 */
export async function checkCollector(stack: StackSettings, owner: string, docker: Docker): Promise<void> {
  const { config } = stack.otelCollector;
  if (config === undefined || !stack.observability) return;
  const files = await archive(checkedFiles(stack, config));
  const said = await untilInterrupted((signal) =>
    validate(files, collectorConfigArgs(config), stack, owner, docker, signal),
  );
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

/** The files as `docker cp` takes them from its standard input: the secrets among them are on no disk of this machine. */
async function archive(files: Files): Promise<Buffer> {
  const tar = pack();
  // In the container another user reads them; folders that are missing belong to root and can be entered by all.
  for (const [path, content] of Object.entries(files)) tar.entry({ name: path.slice(1), mode: 0o444 }, content);
  tar.finalize();
  return buffer(tar);
}

/** What Docker itself says when it cannot start a container; everything else is the container's own. */
const refusedByDocker = /^Error response from daemon: /m;

/** What the Collector says against its configuration; `undefined` if it has nothing against it. */
async function validate(
  files: Buffer,
  args: readonly string[],
  { name, images }: StackSettings,
  owner: string,
  docker: Docker,
  signal: AbortSignal,
): Promise<string | undefined> {
  // Known before there is one, so that it can be removed whenever the command that makes it is cut off.
  const container = `${name}-otel-collector-look-${randomBytes(6).toString("hex")}`;
  const labels = [`${dockerLabels.owner}=${owner}`, `${dockerLabels.name}=${name}`];
  const options = [
    // Gone at its end, even if nobody is left to remove it.
    ...["--rm", "--name", container, "--network", "none", "--cap-drop", "ALL", "--user", "10001:10001"],
    ...labels.flatMap((label) => ["--label", label]),
  ];
  try {
    await docker.run(["create", ...options, images.otelCollector, "validate", ...args], { signal });
    await docker.run(["cp", "-", `${container}:/`], { input: files, signal });
    await docker.run(["start", "--attach", container], { signal });
    return undefined;
  } catch (error) {
    const isAnswer = error instanceof CommandFailed && error.command === "docker start";
    if (isAnswer && !refusedByDocker.test(error.stderr)) return error.stdout + error.stderr;
    throw error;
  } finally {
    await remove(container, docker);
  }
}

async function remove(container: string, docker: Docker): Promise<void> {
  try {
    await docker.run(["rm", "--force", "--volumes", container]);
  } catch (error) {
    const isGone = error instanceof CommandFailed && /no such container|already in progress/i.test(error.stderr);
    if (!isGone) throw error;
  }
}
