import { z } from "zod";
import type { StateResource } from "../state.ts";
import { dockerTypes } from "./docker.ts";

/** What the state has of a container that Docker does not start again and that has ended with another code than 0. */
const failed = z.looseObject({
  inputs: z.looseObject({ restart: z.literal("no") }),
  outputs: z.looseObject({ exitCode: z.number().refine((code) => code !== 0) }),
});

/**
 * URNs of what was to run once and has failed: a step before a service, a check, a copy. To the provider each that has ended has
 * done its work, so it would never run again, although what it lacked may be there by now.
 */
export function failedRuns(resources: readonly StateResource[]): readonly string[] {
  return resources
    .filter((resource) => resource.type === dockerTypes.container && failed.safeParse(resource).success)
    .map(({ urn }) => urn);
}
