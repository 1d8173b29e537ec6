import type * as pulumi from "@pulumi/pulumi";
import { isRecord } from "../../../config/parse.ts";
import { otlpUrls } from "../../../config/parts/parts.ts";
import { problem } from "../../../config/problem.ts";
import { isLater, within } from "../later.ts";
import type { Injection } from "../platform.ts";
import { refuse } from "../workload-rules.ts";
import { environment } from "./container-args.ts";

/** Resources whose arguments {@link injectedContainer} takes. */
export const injectedTypes: ReadonlySet<string> = new Set(["docker:index/container:Container"]);

/**
 * The arguments of a container of the user's own, in the stack's network and with variables.
 *
 * @throws Error if they are of something else, or of a container that cannot be in that network.
 */
export function injectedContainer(args: object, { env }: Injection, networkName: pulumi.Input<string>): object {
  const given = args as Readonly<Record<string, unknown>>;
  const { name, envs, networksAdvanced, networkMode } = given;
  const isContainer = given["image"] !== undefined && given["spec"] === undefined;
  const rule = "must be the arguments of a docker.Container, since the stack runs on Docker";
  refuse(
    "OBS1002",
    "",
    isContainer ? [] : [problem("arguments", rule, given, "hand over those, or use otelEnvFor(stack, name)")],
  );
  const isApart = typeof networkMode === "string" && !["", "default", "bridge"].includes(networkMode);
  const change = 'leave it out, or use otelEnvFor(stack, name, { from: "machine" })';
  refuse(
    "OBS1002",
    "",
    isApart ? [problem("networkMode", "must let it join the stack's network", networkMode, change)] : [],
  );
  // Another name, and so another instance, than a known one is known during the deployment only.
  const instance = typeof name === "string" ? name : undefined;
  const added = environment(env({ otlpUrls, instance, attributes: {} }), instance ?? "");
  return {
    ...given,
    envs: within(envs, (own) => joined(added, own)),
    networksAdvanced: within(networksAdvanced, (own) => [...listOf(own), { name: networkName }]),
  };
}

/** The user's own variables, and of the others those that the user has not. */
function joined(added: readonly unknown[], own: unknown): unknown {
  const entries = listOf(own);
  const later = entries.findIndex(isLater);
  if (later >= 0) {
    return within(entries[later], (known) =>
      joined(added, [...entries.slice(0, later), known, ...entries.slice(later + 1)]),
    );
  }
  const names = new Set(entries.map(nameOf));
  return [...entries, ...added.filter((each) => !names.has(nameOf(each)))];
}

function nameOf(variable: unknown): string {
  return String(isRecord(variable) ? "" : variable).split("=")[0] ?? "";
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
