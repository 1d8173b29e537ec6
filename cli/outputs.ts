import type { OutputMap } from "@pulumi/pulumi/automation/index.js";
import { z } from "zod";
import { forEachPort } from "../config/parts/parts.ts";
import type { KnownState } from "./state.ts";
import { UserError } from "./user-error.ts";

// Older versions exported no number, and had one of each.
const instances = z.array(z.object({ name: z.string(), urn: z.string(), replicas: z.number().default(1) }));

/** A text that is secret, as the decrypted state has it: its JSON beside marks of Pulumi's. */
const secretText = z
  .object({ plaintext: z.string() })
  .transform(({ plaintext }) => z.string().parse(JSON.parse(plaintext)));

const schema = z.object({
  urls: z.object({
    ...forEachPort(() => z.string().optional()),
    api: z.string().optional(),
  }),
  grafanaUser: z.string(),
  grafanaPassword: z.string().or(secretText),
  serviceNames: z.array(z.string()),
  instances,
});

/** What the program at the top of the repository exports. */
export type StackOutputs = z.output<typeof schema>;

/** @throws UserError if the stack has no such address, since its services run alone. */
export function urlOf({ urls }: Pick<StackOutputs, "urls">, name: keyof StackOutputs["urls"]): string {
  const url = urls[name];
  if (url !== undefined) return url;
  throw new UserError(
    "OBS1503",
    `urls.${name}: must be an address of the stack, got none: its services run alone (observability: false)\n` +
      "  next: set observability to true, then npm run up",
  );
}

/** The outputs of a stack, secrets decrypted; `undefined` if it is not deployed. */
export function stackOutputs(outputs: OutputMap): StackOutputs | undefined {
  const values = Object.fromEntries(Object.entries(outputs).map(([key, output]) => [key, output.value as unknown]));
  return Object.keys(values).length === 0 ? undefined : schema.parse(values);
}

/** @throws UserError if the stack is not deployed. */
export function deployedOutputs(outputs: OutputMap): StackOutputs {
  const found = stackOutputs(outputs);
  if (found === undefined) throw notDeployed();
  return found;
}

function notDeployed(): UserError {
  return new UserError("OBS1501", "the stack is not deployed\n  next: npm run up");
}

/** The resource in a state that is the Pulumi stack itself, and has its outputs. */
function rootIn(resources: KnownState["resources"]): KnownState["resources"][number] | undefined {
  return resources.find(({ type }) => type === "pulumi:pulumi:Stack");
}

/** The outputs in a decrypted state, without asking Pulumi for them once more. @throws UserError if nothing is deployed */
export function outputsIn(resources: KnownState["resources"]): StackOutputs {
  const outputs = rootIn(resources)?.outputs;
  if (outputs === undefined) throw notDeployed();
  return schema.parse(outputs);
}

const rootOutputs = z.object({ instances: instances.default([]) });

/** The instances of a state; none if nothing is deployed. */
export function deployedInstances(resources: KnownState["resources"]): StackOutputs["instances"] {
  return rootOutputs.parse(rootIn(resources)?.outputs ?? {}).instances;
}
