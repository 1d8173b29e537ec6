import * as pulumi from "@pulumi/pulumi";
import { factsOf, filledIn, type EnvValue, type InstanceFact } from "../../config/env-value.ts";

/*
 * Values of a workload that may be known during the deployment only. Each is made into what its reader wants when it is
 * known, and is unknown in a preview.
 */

/** What `how` makes of a text, at once if it is known. */
export function whenKnown(
  text: string | pulumi.Output<string>,
  how: (known: string) => string,
): string | pulumi.Output<string> {
  return pulumi.Output.isInstance(text) ? text.apply(how) : how(text);
}

/**
 * The value of a variable as one text, see {@link filledIn}.
 *
 * @param fill what stands for a fact
 * @param literal how the reader of the result wants plain text. Default: as it is
 */
export function filledWhenKnown(
  value: EnvValue | pulumi.Output<string>,
  fill: (fact: InstanceFact["fill"]) => string,
  literal: (text: string) => string = (text) => text,
): string | pulumi.Output<string> {
  return pulumi.Output.isInstance(value) ? whenKnown(value, literal) : filledIn(value, fill, literal);
}

/** The facts that a variable's value is made with. One that another resource gives has none. */
export function factsWhenKnown(value: EnvValue | pulumi.Output<string>): readonly InstanceFact["fill"][] {
  return pulumi.Output.isInstance(value) ? [] : factsOf(value);
}

/** Whether a value, which may be anything, is known during the deployment only. */
export function isLater(value: unknown): value is pulumi.Output<unknown> | Promise<unknown> {
  try {
    return pulumi.Output.isInstance(value) || value instanceof Promise;
  } catch {
    // Not even this can be read of it, and whoever judges it says so. The error may hold a secret.
    return false;
  }
}

/** What `how` makes of a part of another resource's arguments, at once if it is known. */
export function within(value: unknown, how: (known: unknown) => unknown): unknown {
  if (!isLater(value)) return how(value);
  const later: pulumi.Output<unknown> = pulumi.output(value);
  return later.apply(how);
}
