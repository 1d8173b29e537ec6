import { JoinedStack } from "./joined-stack.ts";
import { ObservabilityStack } from "./observability-stack.ts";

/** A stack that services run beside, whichever program has it. */
export type AnyStack = ObservabilityStack | JoinedStack;

/** Whether a value is a stack; at run time a program may hand over anything. */
export function isStack(value: unknown): value is AnyStack {
  return value instanceof ObservabilityStack || value instanceof JoinedStack;
}
