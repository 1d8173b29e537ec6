import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMap, parseDocument } from "yaml";
import type { KubernetesSettings } from "../config/kubernetes-settings.ts";
import type { ProgramSettings } from "../config/program-settings.ts";
import { refuseOtherTarget, validSettings } from "./load-target.ts";
import type { CommandOptions, TargetName } from "./options.ts";
import { stackConfig } from "./stack-config.ts";
import { projectFolder, projectName, stackFileSchemaPath } from "./project.ts";
import { projectFile, readSettingsFile, stackFileName, type SettingsFile } from "./settings-file.ts";
import { hasSettings, isInLocalState, unknownStack } from "./stacks.ts";
import { UserError } from "./user-error.ts";

/** Options of `npm run up` that are settings, each with its name in `observability:kubernetes`. */
const settingOf = {
  context: "context",
  namespace: "namespace",
  "storage-class": "storageClass",
  registry: "registry",
  "load-command": "loadCommand",
  kubeconfig: "kubeconfig",
} as const satisfies Record<string, keyof KubernetesSettings>;

/** An option of `npm run up` that is written to the stack's file. */
export type SettingOption = keyof typeof settingOf;

/** Names of all {@link SettingOption}s. */
export const settingOptions = Object.keys(settingOf) as readonly SettingOption[];

/** As much of a command's options as goes into a file. */
export type SettingOptions = Pick<CommandOptions<never, SettingOption>, "stack" | "target" | "values">;

/** A stack's settings file with the options of a command in it, not yet written. */
export interface ChangedFile {
  readonly name: string;
  readonly text: string;
  readonly settings: ProgramSettings;
  /** What is new in it, for the user to read: `kubernetes.context: rig`. */
  readonly changes: readonly string[];
}

/** First line of a settings file, by which an editor completes and checks it. */
const schemaLine = `# yaml-language-server: $schema=./${stackFileSchemaPath}`;

/**
 * The settings file of a stack with the options of `npm run up` in it, so that the next command and plain `pulumi up`
 * do the same; `undefined` if the options change nothing. Nothing is written.
 *
 * @param project Pulumi.yaml
 * @param stackFile the stack's file, `undefined` if there is none
 * @throws UserError if the options do not fit the stack, or each other.
 */
export function withOptions(
  { stack, target, values }: SettingOptions,
  project: SettingsFile,
  stackFile: SettingsFile | undefined,
): ChangedFile | undefined {
  const given = settingOptions.flatMap((name) => {
    const value = values[name];
    return value === undefined ? [] : [{ name, value }];
  });
  const wanted = target ?? targetIn(project, stackFile);
  if (stackFile !== undefined) refuseOtherTarget(targetIn(project, stackFile), target, stack);
  const [first] = given;
  if (first !== undefined && wanted !== "kubernetes") {
    throw new UserError(
      "OBS1008",
      `--${first.name}: is an option of the target kubernetes, got it for the stack ${stack} of the target ${wanted}\n` +
        `  next: npm run up -- --target kubernetes --${first.name} …`,
    );
  }
  const name = stackFileName(stack);
  const document = parseDocument(stackFile?.text ?? `${schemaLine}\nconfig:\n  ${projectName}:target: ${wanted}\n`);
  const changes = stackFile === undefined && target !== undefined ? [`target: ${target}`] : [];
  const group = ["config", `${projectName}:kubernetes`];
  for (const { name: option, value } of given) {
    const key = settingOf[option];
    if (document.getIn([...group, key]) === value) continue;
    for (const path of [group.slice(0, 1), group]) {
      // An empty `config:` has no group to put something into.
      if (!isMap(document.getIn(path))) document.setIn(path, document.createNode({}));
    }
    document.setIn([...group, key], value);
    changes.push(`kubernetes.${key}: ${value}`);
  }
  if (changes.length === 0) return undefined;
  const text = document.toString();
  const toDo = given.length > 0 ? "correct the option" : "name a context of your kubeconfig";
  const next = `${toDo}: npm run up -- --target kubernetes --context NAME [--registry REGISTRY | --load-command COMMAND]`;
  return { name, text, settings: validSettings(stackConfig(project, { name, text }), stack, next), changes };
}

function targetIn(project: SettingsFile, stackFile: SettingsFile | undefined): TargetName {
  const { [`${projectName}:target`]: target } = stackConfig(project, stackFile);
  return target === "kubernetes" ? target : "docker";
}

/** The same for the files of this project. */
export function changedStackFile(options: SettingOptions): ChangedFile | undefined {
  return withOptions(options, projectFile(), readSettingsFile(stackFileName(options.stack)));
}

/** Writes a {@link ChangedFile}. */
export function writeStackFile({ name, text }: ChangedFile): void {
  writeFileSync(join(projectFolder, name), text);
}

/** The configuration of a stack as its files have it, for a new stack as `npm run up` would write them. */
export function configInFiles(options: SettingOptions): Readonly<Record<string, string>> {
  return stackConfig(projectFile(), changedStackFile(options) ?? readSettingsFile(stackFileName(options.stack)));
}

/** The same of a stack that there is, or that the options make. @throws UserError if they do not */
export function knownConfig({
  stack,
  target,
}: Pick<CommandOptions, "stack" | "target">): Readonly<Record<string, string>> {
  if (target === undefined && !hasSettings(stack) && !isInLocalState(stack)) throw unknownStack(stack);
  return configInFiles({ stack, target, values: {} });
}
