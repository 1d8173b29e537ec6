import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { stringify } from "yaml";
import { z } from "zod";
import { difference } from "../../components/preview/difference.ts";
import { stackConfig } from "../../cli/stack-config.ts";
import { projectFolder, projectName } from "../../cli/project.ts";
import { projectFile, stackFileName } from "../../cli/settings-file.ts";
import { previewProgram } from "../../components/preview/preview-program.ts";
import type { PreviewResource } from "../../components/preview/record-program.ts";
import {
  secretSignature,
  secretValue,
  signatureKey,
  unknownValue,
  type PreviewValue,
} from "../../components/preview/values.ts";

/** Folder of the recorded states, one file for each release and target. */
export const statesFolder = join(import.meta.dirname, "..", "fixtures", "states");

/** Where a stack can run. */
export const targets = ["docker", "kubernetes"] as const;

const resourceSchema = z.strictObject({
  urn: z.string(),
  type: z.string(),
  protect: z.boolean(),
  /** URN of the explicit provider; empty for the default one. */
  provider: z.string(),
  /** As the provider's check left them, which the engine compares a later program's with. */
  inputs: z.record(z.string(), z.unknown()),
});

const recordedSchema = z.strictObject({
  /** Of package.json. */
  version: z.string(),
  target: z.enum(targets),
  /** Name of the Pulumi stack. */
  stack: z.string(),
  /** What the stack's settings file had under `config`. */
  settings: z.record(z.string(), z.unknown()),
  /** Sorted by URN. */
  resources: z.array(resourceSchema),
});

/** A resource in a {@link RecordedState}. */
export type DeployedResource = z.output<typeof resourceSchema>;

/**
 * What a release had deployed, as much of Pulumi's state as a later program is compared with. It holds no secret, and
 * nothing of the machine or the moment that it was recorded on: marks stand for those.
 */
export type RecordedState = z.output<typeof recordedSchema>;

const exportedSchema = z.looseObject({
  resources: z.array(
    z.looseObject({
      urn: z.string(),
      type: z.string(),
      id: z.string().default(""),
      protect: z.boolean().default(false),
      provider: z.string().default(""),
      inputs: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
});

type ExportedResource = z.output<typeof exportedSchema>["resources"][number];

/** Inputs that come from the machine and not from the settings, and whose change replaces nothing. */
const inputsOfTheMachine: Readonly<Record<string, readonly string[]>> = {
  "pulumi:providers:docker": ["host"],
  // The cluster's identity is an input of its own: another path of the kubeconfig replaces nothing.
  "pulumi:providers:kubernetes": ["kubeconfig"],
};

const repositoryMark = "[repository]";
const contentMark = "[content]";
const randomMark = "[random]";
const secretMark = "[secret]";

/**
 * What to keep of an exported state.
 *
 * @param planned what the program makes of the stack's settings
 * @param deployment what `pulumi stack export --show-secrets` has under `deployment`
 * @throws Error if what is deployed is not what the program makes.
 */
export function recordedState(
  about: Pick<RecordedState, "version" | "stack" | "settings">,
  planned: readonly PreviewResource[],
  deployment: unknown,
): RecordedState {
  const exported = exportedSchema.parse(deployment).resources;
  const plans = new Map(planned.map((resource) => [resource.urn, resource]));
  const resources = exported.flatMap((resource) => {
    const plan = plans.get(resource.urn);
    return plan === undefined ? [] : [recordedResource(resource, plan)];
  });
  const text = tagsOfBuilds(planned).reduce(
    (part, tag) => part.replaceAll(tag, tag.replace(/[^:]*$/, contentMark)),
    withoutRandom(JSON.stringify(resources), exported).replaceAll(projectFolder, repositoryMark),
  );
  const target = planned.some(({ type }) => type.startsWith("kubernetes:")) ? "kubernetes" : "docker";
  const { version, stack, settings } = about;
  const state = recordedSchema.parse({ version, target, stack, settings, resources: JSON.parse(text) as unknown });
  state.resources.sort((a, b) => (a.urn < b.urn ? -1 : 1));
  const { changes } = difference(planned, { resources: deployedHere(state, planned) });
  if (changes.length > 0) {
    const names = changes.map(({ kind, name, inputs }) => [kind, name, ...inputs].join(" ")).join(", ");
    throw new Error(`the stack ${stack}: must be as the program makes it, got ${names}; run npm run up first`);
  }
  return state;
}

function recordedResource({ urn, type, protect, provider, inputs }: ExportedResource, plan: PreviewResource): object {
  const shown = Object.entries(withoutMachine(type, inputs)).map(
    ([name, value]) => [name, withoutSecrets(value, plan.inputs[name])] as const,
  );
  return { urn, type, protect, provider: explicitProvider(provider), inputs: Object.fromEntries(shown) };
}

/** Without the id, which each deployment gives anew. */
function explicitProvider(reference: string): string {
  const urn = reference.replace(/::[^:]*$/, "");
  return /::default_[^:]*$/.test(urn) ? "" : urn;
}

const secretSchema = z.looseObject({
  [signatureKey]: z.literal(secretSignature),
  plaintext: z.string(),
});

/** Of what Pulumi keeps secret only that is written down which the program has in the open in the same place. */
function withoutSecrets(value: unknown, planned: PreviewValue | undefined): unknown {
  const { data: secret } = secretSchema.safeParse(value);
  if (secret !== undefined) {
    return { ...secret, plaintext: JSON.stringify(inTheOpen(JSON.parse(secret.plaintext), planned)) };
  }
  if (Array.isArray(value)) return value.map((entry, index) => withoutSecrets(entry, child(planned, index)));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name, withoutSecrets(entry, child(planned, name))]),
  );
}

function inTheOpen(value: unknown, planned: PreviewValue | undefined): unknown {
  if (planned === secretValue || planned === unknownValue || planned === undefined) return secretMark;
  if (Array.isArray(value)) return value.map((entry, index) => inTheOpen(entry, child(planned, index)));
  if (typeof value !== "object" || value === null) return isDeepStrictEqual(value, planned) ? value : secretMark;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]: [string, unknown]) => [
      name,
      // Names of inputs that the provider filled in.
      name === "__defaults" ? entry : inTheOpen(entry, child(planned, name)),
    ]),
  );
}

function child(planned: PreviewValue | undefined, key: string | number): PreviewValue | undefined {
  if (typeof planned !== "object" || planned === null || !Object.hasOwn(planned, key)) return undefined;
  return (planned as Readonly<Record<string | number, PreviewValue>>)[key];
}

/**
 * Without what each deployment gives anew: a container's id, in whose place a preview has one by its name, and the end of
 * a name that the Kubernetes provider makes up.
 */
function withoutRandom(text: string, exported: readonly ExportedResource[]): string {
  return exported.reduce((part, { id, urn, inputs }) => {
    const name = urn.split("::").at(-1) ?? "";
    if (/^[0-9a-f]{64}$/.test(id)) return part.replaceAll(id, `${name}-id`);
    const { data } = autonamedSchema.safeParse(inputs);
    return data === undefined ? part : part.replaceAll(data.metadata.name, `${name}-${randomMark}`);
  }, text);
}

const autonamedSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    annotations: z.looseObject({ "pulumi.com/autonamed": z.literal("true") }),
  }),
});

/** The images that are built: their tags name the content, which changes with every line of the services. */
function tagsOfBuilds(planned: readonly PreviewResource[]): readonly string[] {
  return planned.flatMap(({ inputs }) =>
    inputs["build"] !== undefined && typeof inputs["name"] === "string" ? [inputs["name"]] : [],
  );
}

/** The recorded states, by release and target. */
export function recordedStates(): readonly RecordedState[] {
  const files = readdirSync(statesFolder).sort();
  return files.map((file) => recordedSchema.parse(JSON.parse(readFileSync(join(statesFolder, file), "utf8"))));
}

let runs = 0;

/**
 * What the program makes today of the settings that a state was deployed with. Without what it takes from this machine,
 * which is in no recorded state either.
 */
export async function plannedToday({
  stack,
  settings,
}: Pick<RecordedState, "stack" | "settings">): Promise<readonly PreviewResource[]> {
  const file = { name: stackFileName(stack), text: stringify({ config: settings }) };
  const config = stackConfig(projectFile(), file);
  // A module runs once; with another address it is another one.
  const program = `${pathToFileURL(join(projectFolder, "index.ts")).href}?run=${(runs += 1)}`;
  const { resources } = await previewProgram(() => import(program), { project: projectName, stack, config });
  return resources.map((resource) => ({
    ...resource,
    provider: explicitProvider(resource.provider),
    inputs: withoutMachine(resource.type, resource.inputs),
  }));
}

function withoutMachine<Value>(type: string, inputs: Readonly<Record<string, Value>>): Record<string, Value> {
  const ofTheMachine = inputsOfTheMachine[type] ?? [];
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => !ofTheMachine.includes(name)));
}

/** A recorded state as if it had been deployed on this machine, with the content that images have today. */
export function deployedHere(
  { resources }: RecordedState,
  planned: readonly PreviewResource[],
): readonly DeployedResource[] {
  const text = tagsOfBuilds(planned).reduce(
    (part, tag) => part.replaceAll(tag.replace(/[^:]*$/, contentMark), tag),
    JSON.stringify(resources).replaceAll(repositoryMark, projectFolder),
  );
  return z.array(resourceSchema).parse(JSON.parse(text));
}
