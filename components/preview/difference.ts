import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { isRecord } from "../../config/parse.ts";
import { encryptedText } from "../../config/pulumi-config.ts";
import { resourceName } from "../../config/urn.ts";
import { checkedInputs, holds, isList } from "./checked-inputs.ts";
import { previewId, type PreviewResource } from "./record-program.ts";
import {
  secretSignature,
  secretValue,
  signatureKey,
  unknownValue,
  type PreviewValue,
  type PreviewValues,
} from "./values.ts";

/** A resource that is not deployed as the program has it. */
export interface Change {
  readonly kind: "create" | "change" | "remove";
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** Names of the inputs that differ, in order; only of a change. */
  readonly inputs: readonly string[];
  /** Whether Pulumi refuses to delete it; only of a removal. */
  readonly protect: boolean;
}

/** A program compared with what is deployed. */
export interface Difference {
  /** By kind and URN. */
  readonly changes: readonly Change[];
  readonly unchanged: number;
}

const deployedResource = z.looseObject({
  urn: z.string(),
  type: z.string(),
  id: z.string().optional(),
  inputs: z.record(z.string(), z.unknown()).default({}),
  protect: z.boolean().default(false),
  delete: z.boolean().default(false),
  external: z.boolean().default(false),
  custom: z.boolean().default(true),
  retainOnDelete: z.boolean().default(false),
  /** URN and id of the explicit provider; empty for the default one. */
  provider: z.string().default(""),
});

const deployment = z.looseObject({ resources: z.array(deployedResource).nullish() });

/** A resource in Pulumi's state, as far as a program is compared with it. */
export type DeployedResource = z.output<typeof deployedResource>;

/**
 * Compares what a program plans with a state, by URN and input. A value that is not known counts as no change, and so
 * does a secret that stays one. Neither provider nor Docker is asked: what a provider would find different or would
 * replace, and what was changed by hand, does not show; nor are aliases read.
 *
 * @param state what `pulumi stack export` has under `deployment`
 */
export function difference(planned: readonly PreviewResource[], state: unknown): Difference {
  const deployed = new Map(deployedResources(state).map((old) => [old.urn, old]));
  const changedInputs = comparison(planned, deployed);
  const created = planned.filter(({ urn }) => !deployed.has(urn)).map((resource) => change("create", resource));
  const changed = planned.flatMap((resource) => {
    const old = deployed.get(resource.urn);
    const inputs = old === undefined ? [] : changedInputs(resource, old);
    return inputs.length === 0 ? [] : [{ ...change("change", resource), inputs }];
  });
  const plannedUrns = new Set(planned.map(({ urn }) => urn));
  const removed = [...deployed.values()]
    .filter(({ urn }) => !plannedUrns.has(urn))
    .map(({ urn, type, protect }) => ({ ...change("remove", { urn, type, name: resourceName(urn) }), protect }))
    .sort((a, b) => (a.urn < b.urn ? -1 : 1));
  return {
    changes: [...created, ...changed, ...removed],
    unchanged: planned.length - created.length - changed.length,
  };
}

/** The resources of a state that a program has declared. @param state what `pulumi stack export` has under `deployment` */
export function deployedResources(state: unknown): readonly DeployedResource[] {
  return (deployment.parse(state).resources ?? []).filter(isOfProgram);
}

function change(kind: Change["kind"], { urn, type, name }: Pick<Change, "urn" | "type" | "name">): Change {
  return { kind, urn, type, name, inputs: [], protect: false };
}

/** Whether the program declares a resource; others are the stack, default providers, what waits for its deletion, what was read. */
function isOfProgram(resource: DeployedResource): boolean {
  const { urn, type } = resource;
  const isDefaultProvider = type.startsWith("pulumi:providers:") && /^default(_|$)/.test(resourceName(urn));
  return type !== "pulumi:pulumi:Stack" && !isDefaultProvider && !resource.delete && !resource.external;
}

/** Names of the inputs of a planned resource that differ from those of a deployed one, in order. */
export type ChangedInputs = (planned: PreviewResource, old: Pick<DeployedResource, "inputs">) => readonly string[];

/** Compares resources of a program with those of a state. @param deployed all of that state, by URN: others may have their ids */
export function comparison(
  planned: readonly PreviewResource[],
  deployed: ReadonlyMap<string, Pick<DeployedResource, "id">>,
): ChangedInputs {
  const ids = knownIds(planned, deployed);
  return (resource, old) => differingInputs(resource, old, ids);
}

/** The real id of what is deployed, by the one that it has in a preview. */
function knownIds(
  planned: readonly PreviewResource[],
  deployed: ReadonlyMap<string, Pick<DeployedResource, "id">>,
): ReadonlyMap<string, string> {
  return new Map(
    planned.flatMap(({ urn, name }) => {
      const id = deployed.get(urn)?.id;
      return id === undefined ? [] : [[previewId(name), id]];
    }),
  );
}

function differingInputs(
  resource: PreviewResource,
  old: Pick<DeployedResource, "inputs">,
  ids: ReadonlyMap<string, string>,
): readonly string[] {
  const { type, ignoreChanges } = resource;
  const inputs = checkedInputs(resource, old.inputs, ids);
  // Pulumi adds them to the inputs of every provider.
  const added = type.startsWith("pulumi:providers:") ? ["version", "pluginDownloadURL", "__internal"] : [];
  return namesToCompare(inputs, old.inputs)
    .filter((name) => !ignoreChanges.includes(name) && (Object.hasOwn(inputs, name) || !added.includes(name)))
    .filter((name) => differs(inputs[name], old.inputs[name], false));
}

/** @param isInSecret whether the old value is, or is part of, a secret */
function differs(planned: PreviewValue | undefined, old: unknown, isInSecret: boolean): boolean {
  const secret = oldSecret.safeParse(old).data;
  if (secret !== undefined) {
    if (!hides(planned)) return true;
    // Without the passphrase nothing is known of it.
    return secret.plaintext === undefined ? false : differs(planned, JSON.parse(secret.plaintext), true);
  }
  if (planned === secretValue) return !isInSecret;
  if (planned === unknownValue || (typeof planned === "string" && planned.includes(encryptedText))) return false;
  if (isList(planned)) return !Array.isArray(old) || listsDiffer(planned, old, isInSecret);
  if (typeof planned === "object" && planned !== null) {
    if (!isRecord(old)) return true;
    return namesToCompare(planned, old).some((name) => differs(planned[name], old[name], isInSecret));
  }
  return !isDeepStrictEqual(planned, old);
}

/** Providers keep many lists as sets and hand them back in another order, so the order alone is no difference. */
function listsDiffer(planned: readonly PreviewValue[], old: readonly unknown[], isInSecret: boolean): boolean {
  const left = [...old];
  const isMissing = (entry: PreviewValue): boolean => {
    const index = left.findIndex((candidate) => !differs(entry, candidate, isInSecret));
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  };
  return planned.length !== old.length || planned.some(isMissing);
}

const oldSecret = z.looseObject({
  [signatureKey]: z.literal(secretSignature),
  plaintext: z.string().optional(),
});

/** Whether a value is or contains a secret, or what only a deployment can know. */
function hides(planned: PreviewValue | undefined): boolean {
  return holds(planned, secretValue) || holds(planned, unknownValue);
}

/** Names of the inputs to compare: all but those that the provider filled in by itself, which it lists. */
function namesToCompare(planned: PreviewValues, old: Readonly<Record<string, unknown>>): readonly string[] {
  const { __defaults: defaults, ...others } = old;
  const filledIn: readonly unknown[] = Array.isArray(defaults) ? defaults : [];
  const names = Object.keys(others).filter((name) => !filledIn.includes(name));
  return [...new Set([...Object.keys(planned), ...names])].sort();
}
