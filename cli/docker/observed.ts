import { createHash } from "node:crypto";
import { z } from "zod";
import type { StateResource } from "../state.ts";
import { dockerTypes, type Docker, type InspectedKind } from "./docker.ts";

/** Type in the state of each kind. */
const types: Readonly<Record<InspectedKind, string>> = {
  ...dockerTypes,
  image: "docker:index/remoteImage:RemoteImage",
};

/** Resources that nobody can change behind Pulumi's back: they are in the state alone. */
const onlyInState = /^(pulumi:|random:)/;

/** What an image of the state is looked up by: its id there is none of Docker's. */
const named = z.object({ name: z.string() });

/*
 * What is compared of each kind. What Docker changes by itself is left out: the results of health checks, the commands
 * that run in a container, who else is on a network. Lists without an order of their own are sorted.
 */
const container = z.object({
  Id: z.string(),
  Name: z.string(),
  Image: z.string(),
  State: z.object({ Status: z.string(), ExitCode: z.number(), StartedAt: z.string() }),
  Config: z.unknown(),
  HostConfig: z.unknown(),
  Mounts: z
    .array(z.looseObject({ Destination: z.string() }))
    .transform((mounts) => mounts.toSorted((a, b) => a.Destination.localeCompare(b.Destination))),
  NetworkSettings: z.object({
    Networks: z.record(
      z.string(),
      z.object({
        NetworkID: z.string(),
        Aliases: z
          .array(z.string())
          .nullish()
          .transform((aliases) => aliases?.toSorted()),
      }),
    ),
  }),
});
const compared: Readonly<Record<InspectedKind, z.ZodType>> = {
  container,
  network: z.looseObject({ Containers: z.unknown().transform(() => undefined) }),
  // Its `CreatedAt` is the time when something in it was written last.
  volume: z.object({ Name: z.string(), Driver: z.string(), Labels: z.unknown(), Options: z.unknown() }),
  image: z.object({ Id: z.string() }),
};

/**
 * What Docker has of the resources in a state, as one text that is another one once a single one of them was changed, stopped,
 * removed or made anew. Read in well under a second, where Pulumi's refresh of the same resources takes several.
 *
 * @returns `undefined` if it cannot be told, because one of them is not there or is none of Docker's.
 */
export async function observedObjects(
  resources: readonly StateResource[],
  docker: Pick<Docker, "inspect">,
): Promise<string | undefined> {
  const inDocker = resources.filter(({ type, id }) => id !== undefined && !onlyInState.test(type));
  const kinds = Object.entries(types) as [InspectedKind, string][];
  if (inDocker.some(({ type }) => !kinds.some(([, ofKind]) => ofKind === type))) return undefined;
  const found = await Promise.all(
    kinds.map(async ([kind, ofKind]) => {
      // Each deployment writes them into the state in another order.
      const ofType = inDocker.filter(({ type }) => type === ofKind);
      const names = ofType.map((resource) => nameOf(kind, resource)).toSorted();
      const objects = z.array(compared[kind]).parse(await docker.inspect(kind, names));
      return objects.length === names.length ? [names, objects] : undefined;
    }),
  );
  if (found.includes(undefined)) return undefined;
  return createHash("sha256").update(JSON.stringify(found)).digest("hex");
}

function nameOf(kind: InspectedKind, resource: StateResource): string {
  return kind === "image" ? named.parse(resource.inputs).name : (resource.id ?? "");
}
