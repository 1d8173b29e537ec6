import { randomBytes } from "node:crypto";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { CommandError, LocalWorkspace, StackNotFoundError, type Stack } from "@pulumi/pulumi/automation/index.js";
import { parse, parseDocument } from "yaml";
import { z } from "zod";
import { explain } from "./explain.ts";
import { checkMachine } from "./machine.ts";
import { forStack, usualStack } from "./options.ts";
import { stackConfig } from "./stack-config.ts";
import { passphraseFile, projectFolder, projectName, stateFolder } from "./project.ts";
import { projectFile, readSettingsFile, stackFileName } from "./settings-file.ts";
import { hasSettings, unknownStack } from "./stacks.ts";
import { UserError } from "./user-error.ts";

/**
 * Runs `action` on a stack of this project, created if it has a settings file only, with the local backend and its passphrase
 * unless the environment names others. `pulumi` itself works on the same stack with the same environment.
 *
 * @param action is told what the machine has, one text for each part.
 * @throws UserError if the machine lacks something.
 */
export async function withStack<Result>(
  stackName: string,
  action: (stack: Stack, machine: readonly string[]) => Promise<Result>,
): Promise<Result> {
  return tellingCommandsOf(stackName, async () => {
    // Before Pulumi reads them: it tells a line at most.
    stackConfig(projectFile(), readSettingsFile(stackFileName(stackName)), projectName);
    const machine = await checkMachine();
    const envVars = localEnvironment();
    return keepSaltOut(join(projectFolder, stackFileName(stackName)), async () =>
      explained(stackName, action(await select(stackName, envVars), machine)),
    );
  });
}

/** What a command of Pulumi's says that an action did not expect, in a few lines. */
async function explained<Result>(stackName: string, running: Promise<Result>): Promise<Result> {
  try {
    return await running;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const { cause, next } = explain([], error.message);
    throw new UserError(`pulumi cannot work on the stack ${stackName}: ${cause}\n  next: ${next}`, { cause: error });
  }
}

/** Runs an action whose errors tell the next commands as they have to be typed for a stack. */
export async function tellingCommandsOf<Result>(stackName: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { exitCode } = error;
    throw new UserError(forStack(error.message, stackName), { cause: error, exitCode });
  }
}

/** The same as {@link withStack} for an action that changes the stack: one at a time. */
export async function withLockedStack<Result>(
  stackName: string,
  action: (stack: Stack, machine: readonly string[]) => Promise<Result>,
): Promise<Result> {
  mkdirSync(stateFolder, { recursive: true });
  // Node.js says of SQLite that it is experimental: `up` and `down` are told not to, and no other command loads it.
  const { withLock } = await import("./lock.ts");
  return tellingCommandsOf(stackName, () => withLock(stateFolder, stackName, () => withStack(stackName, action)));
}

async function select(stackName: string, envVars: Record<string, string>): Promise<Stack> {
  const options = [{ stackName, workDir: projectFolder }, { envVars }] as const;
  try {
    return await (hasSettings(stackName)
      ? LocalWorkspace.createOrSelectStack(...options)
      : LocalWorkspace.selectStack(...options));
  } catch (error) {
    if (error instanceof StackNotFoundError) throw unknownStack(stackName);
    const { cause, next } = explain([], error instanceof Error ? error.message : String(error));
    throw new UserError(`the stack ${stackName} cannot be opened: ${cause}\n  next: ${next}`, { cause: error });
  }
}

/** The state of a stack, its secrets decrypted, as `pulumi stack export` has it; empty if there is no such stack. */
export async function exportedState(stackName: string): Promise<unknown> {
  await checkMachine();
  const envVars = localEnvironment();
  return keepSaltOut(join(projectFolder, stackFileName(stackName)), async () => {
    try {
      const stack = await LocalWorkspace.selectStack({ stackName, workDir: projectFolder }, { envVars });
      return (await stack.exportStack()).deployment as unknown;
    } catch (error) {
      if (error instanceof StackNotFoundError) return {};
      const message = error instanceof Error ? error.message : String(error);
      // The message has all that Pulumi printed: of the state, which holds secrets, nothing may be told.
      const { cause, next } = explain([], message.split("{", 1)[0] ?? "");
      throw new UserError(`the state of ${stackName} cannot be read: ${cause}\n  next: ${next}`, { cause: error });
    }
  });
}

/** What `pulumi` needs to find the local state and to read its secrets. Nothing that is set already is changed. */
export function localEnvironment(): Record<string, string> {
  mkdirSync(stateFolder, { recursive: true });
  const { PULUMI_CONFIG_PASSPHRASE: text, PULUMI_CONFIG_PASSPHRASE_FILE: file } = process.env;
  if (text !== undefined || file !== undefined) return {};
  if (!existsSync(passphraseFile)) {
    if (existsSync(join(stateFolder, ".pulumi", "stacks"))) {
      throw new UserError(
        `${passphraseFile}: must exist, because the state beside it is encrypted with it\n` +
          `  next: put the file back, or set PULUMI_CONFIG_PASSPHRASE`,
      );
    }
    writeFileSync(passphraseFile, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
  }
  return { PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile };
}

/**
 * Runs `pulumi` itself with the same environment, its input and output those of this process, on the stack that the other
 * commands take unless `--stack` or PULUMI_STACK names another; returns its exit code.
 */
export async function runPulumi(args: readonly string[]): Promise<number> {
  await checkMachine();
  // The stack that the other commands take as well, and not the one that was selected last.
  const env = { PULUMI_STACK: usualStack, ...process.env, ...localEnvironment() };
  const settingsFiles = readdirSync(projectFolder).filter((file) => /^Pulumi\..+\.yaml$/.test(file));
  const run = async (): Promise<number> => {
    const child = spawn("pulumi", args, { cwd: projectFolder, env, stdio: "inherit" });
    const [code] = (await once(child, "exit")) as [number | null];
    return code ?? 1;
  };
  return settingsFiles.reduce((inner, file) => () => keepSaltOut(join(projectFolder, file), inner), run)();
}

/**
 * Pulumi writes `encryptionsalt` into the stack's settings, which belong to git. It is of use only to secrets in that
 * very file; the state has its own. So the file is put back as it was, unless it holds secrets.
 */
async function keepSaltOut<Result>(settingsFile: string, action: () => Promise<Result>): Promise<Result> {
  removeLeftSalt(settingsFile);
  const before = existsSync(settingsFile) ? readFileSync(settingsFile, "utf8") : undefined;
  try {
    return await action();
  } finally {
    const after = existsSync(settingsFile) ? readFileSync(settingsFile, "utf8") : undefined;
    if (before !== undefined && after !== undefined && after !== before && onlySaltAdded(before, after)) {
      writeFileSync(settingsFile, before);
    }
  }
}

/** A salt that a killed command left behind fits no other passphrase, and is of no use without secrets beside it. */
function removeLeftSalt(settingsFile: string): void {
  if (!existsSync(settingsFile)) return;
  const text = readFileSync(settingsFile, "utf8");
  if (!text.includes("secure:")) writeFileSync(settingsFile, text.replace(/^encryptionsalt:.*\n?/m, ""));
}

/** Whether two versions of a stack's settings differ in nothing but a new `encryptionsalt`. */
export function onlySaltAdded(before: string, after: string): boolean {
  // What is no YAML Pulumi has not written.
  if ([before, after].some((text) => parseDocument(text).errors.length > 0)) return false;
  const { encryptionsalt: oldSalt, ...old } = settingsIn(before);
  const { encryptionsalt: newSalt, ...current } = settingsIn(after);
  return (
    oldSalt === undefined && newSalt !== undefined && !after.includes("secure:") && isDeepStrictEqual(old, current)
  );
}

/** A settings file's content as Pulumi writes it back: numbers and booleans of the configuration become text. */
function settingsIn(text: string): Readonly<Record<string, unknown>> {
  const { config, ...others } = settingsSchema.parse(parse(text)) ?? {};
  const asText = Object.entries(config ?? {}).map(([key, value]) => [
    key,
    typeof value === "object" ? value : String(value as string | number | boolean),
  ]);
  return { ...others, config: Object.fromEntries(asText) as unknown };
}

/** An empty file, or one with an empty `config:`, is `null`. */
const settingsSchema = z.looseObject({ config: z.record(z.string(), z.unknown()).nullish() }).nullish();
