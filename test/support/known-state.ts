import type { KnownState, OtherStack } from "../../cli/state.ts";

/** A state with nothing in it but what is given. */
export function knownState(
  given: Partial<Omit<KnownState, "others">> = {},
  others: readonly OtherStack[] = [],
): KnownState {
  return { resources: [], cutOff: [], ...given, others: () => Promise.resolve(others) };
}
