import { randomBytes } from "node:crypto";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  CommandError,
  LocalWorkspace,
  StackNotFoundError,
  type LocalProgramArgs,
  type LocalWorkspaceOptions,
  type PulumiCommand,
  type Stack,
} from "@pulumi/pulumi/automation/index.js";
import { messageOf } from "./errors.ts";
import { explain } from "./engine-failures.ts";
import { checkNode } from "./machine.ts";
import { defaultStack } from "./options.ts";
import { stackConfig } from "./stack-config.ts";
import { projectFolder } from "./project.ts";
import type { Progress } from "./progress.ts";
import { pulumiCli, versionOf } from "./pulumi-cli.ts";
import { passphraseFile, stateFolder } from "./state.ts";
import { projectFile, readSettingsFile, stackFileName } from "./settings-file.ts";
import { withoutNewSalt } from "./salt.ts";
import { hasSettings, stacksWithFile, unknownStack } from "./stacks.ts";
import { UserError } from "./user-error.ts";

/**
 * Runs `action` on a stack of this project, created if it has a settings file only, with the local backend and its passphrase
 * unless the environment names others. `pulumi` itself works on the same stack with the same environment.
 *
 * @param action is given the versions of what it runs with, for the user to read
 * @param progress is told what is downloaded, if something is; by default that is printed on standard error
 * @throws UserError if the machine lacks something.
 */
export async function withStack<Result>(
  stackName: string,
  action: (stack: Stack, machine: readonly string[]) => Promise<Result>,
  progress?: Progress,
): Promise<Result> {
  // Pulumi's own errors about these files name a line at most.
  stackConfig(projectFile(), readSettingsFile(stackFileName(stackName)));
  const node = checkNode();
  const pulumi = await pulumiCli(progress);
  const place = placeOf(stackName, pulumi);
  const machine = [`Node.js ${node}`, `Pulumi ${versionOf(pulumi)}`];
  return withoutNewSalt(settingsPath(stackName), async () => {
    try {
      return await action(await select(place), machine);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      throw explained(`pulumi cannot work on the stack ${stackName}`, error);
    }
  });
}

function settingsPath(stackName: string): string {
  return join(projectFolder, stackFileName(stackName));
}

type StackPlace = readonly [LocalProgramArgs, LocalWorkspaceOptions];

/** What the Automation API opens a stack of this project by. */
function placeOf(stackName: string, pulumiCommand: PulumiCommand): StackPlace {
  return [
    { stackName, workDir: projectFolder },
    { envVars: localEnvironment(), pulumiCommand },
  ];
}

/** Says an error of Pulumi's in a few lines. @param told as much of its message as may be shown */
function explained(what: string, error: unknown, told = messageOf(error)): UserError {
  const { cause, next, code = "OBS1407" } = explain([], told);
  return new UserError(code, `${what}: ${cause}\n  next: ${next}`, { cause: error });
}

/** Does as {@link withStack} for an action that changes the stack; a second such command is refused meanwhile. */
export async function withLockedStack<Result>(
  stackName: string,
  action: (stack: Stack, machine: readonly string[]) => Promise<Result>,
  progress?: Progress,
): Promise<Result> {
  mkdirSync(stateFolder, { recursive: true });
  // Node.js warns that its SQLite is experimental. Those that load it turn that off.
  const { withLock } = await import("./lock.ts");
  return withLock(stateFolder, stackName, () => withStack(stackName, action, progress));
}

async function select(place: StackPlace): Promise<Stack> {
  const [{ stackName }] = place;
  try {
    return await (hasSettings(stackName)
      ? LocalWorkspace.createOrSelectStack(...place)
      : LocalWorkspace.selectStack(...place));
  } catch (error) {
    if (error instanceof StackNotFoundError) throw unknownStack(stackName);
    throw explained(`the stack ${stackName} cannot be opened`, error);
  }
}

/** The state of a stack, its secrets decrypted, as `pulumi stack export` has it; empty if there is no such stack. */
export async function exportedState(stackName: string): Promise<unknown> {
  checkNode();
  const place = placeOf(stackName, await pulumiCli());
  return withoutNewSalt(settingsPath(stackName), async () => {
    try {
      const stack = await LocalWorkspace.selectStack(...place);
      return (await stack.exportStack()).deployment as unknown;
    } catch (error) {
      if (error instanceof StackNotFoundError) return {};
      // The message has all that Pulumi printed. That includes the state, which holds secrets.
      const [told = ""] = messageOf(error).split("{", 1);
      throw explained(`the state of ${stackName} cannot be read`, error, told);
    }
  });
}

/** Where Node.js keeps what it has compiled of the program, which Pulumi starts anew for each command. */
const compileCache = join(projectFolder, "node_modules", ".cache", "compiled");

/**
 * What `pulumi` needs to find the local state and to read its secrets, and what has the program begin sooner
 * (nodejs.org/api/module.html#module-compile-cache). Nothing that is set already is changed.
 */
export function localEnvironment(): Record<string, string> {
  mkdirSync(stateFolder, { recursive: true });
  const {
    PULUMI_CONFIG_PASSPHRASE: text,
    PULUMI_CONFIG_PASSPHRASE_FILE: file,
    NODE_COMPILE_CACHE: cache = compileCache,
    PULUMI_SKIP_UPDATE_CHECK: noUpdateCheck = "true",
  } = process.env;
  // Which version there is, this project says; behind a wall the question would have to be given up first, each time.
  const always = { NODE_COMPILE_CACHE: cache, PULUMI_SKIP_UPDATE_CHECK: noUpdateCheck };
  if (text !== undefined || file !== undefined) return always;
  if (!existsSync(passphraseFile)) {
    if (existsSync(join(stateFolder, ".pulumi", "stacks"))) {
      throw new UserError(
        "OBS1406",
        `${passphraseFile}: must exist, because the state beside it is encrypted with it\n` +
          `  next: put the file back, or set PULUMI_CONFIG_PASSPHRASE`,
      );
    }
    writeFileSync(passphraseFile, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
  }
  return { ...always, PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile };
}

/**
 * Runs `pulumi` itself with the same environment, its input and output those of this process, on the stack that the other
 * commands take unless `--stack` or PULUMI_STACK names another; returns its exit code.
 */
export async function runPulumi(args: readonly string[]): Promise<number> {
  checkNode();
  await pulumiCli();
  // The stack that the other commands take as well, and not the one that was selected last.
  const env = { PULUMI_STACK: defaultStack, ...process.env, ...localEnvironment() };
  const run = async (): Promise<number> => {
    const child = spawn("pulumi", args, { cwd: projectFolder, env, stdio: "inherit" });
    const [code] = (await once(child, "exit")) as [number | null];
    return code ?? 1;
  };
  return stacksWithFile().reduce((inner, name) => () => withoutNewSalt(settingsPath(name), inner), run)();
}
