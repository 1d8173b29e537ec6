import * as pulumi from "@pulumi/pulumi";
import { isRecord } from "../config/parse.ts";
import { fieldApart, fieldOf, namesIn } from "../config/plain.ts";
import { hiddenProblem, pathText, type Problem } from "../config/problem.ts";
import { judgedServiceArgs, type CompleteServiceArgs, type ServiceInput } from "../config/service-args.ts";
import { isLater } from "./platform/later.ts";
import { refuse } from "./platform/workload-rules.ts";

/*
 * What of a service another resource may give: an image that is built by a resource of its own, the address of a
 * database. It is known during the deployment only, and so it is judged then, by the rules of what is known before.
 */

/** Stands for a value that is not known yet while everything else is judged. It keeps every rule. */
const standIns = {
  image: "known/later:0",
  command: ["later"],
  env: { LATER: "later" },
  configFiles: { "/later": "later" },
  replicas: 1,
} as const satisfies ServiceInput;

/** Arguments of a service that may be outputs, as a whole or in each entry. */
type LaterArgument = keyof typeof standIns;

/** A value, or values by name or in a list, each of which may be an output. */
type Later<Value> = Value extends readonly string[]
  ? readonly pulumi.Input<string>[]
  : Value extends object
    ? Readonly<Record<string, pulumi.Input<string>>>
    : pulumi.Input<Exclude<Value, undefined>>;

/** {@link ServiceInput} with outputs where there may be some. */
export type ServiceArgsWithOutputs = {
  readonly [Argument in keyof ServiceInput]: Argument extends LaterArgument
    ? Later<Exclude<ServiceInput[Argument], undefined>>
    : ServiceInput[Argument];
};

/** What is known later, by the argument, and by the entry where those may be outputs each. */
interface LaterValues {
  readonly wholes: ReadonlyMap<LaterArgument, pulumi.Output<unknown>>;
  readonly entries: ReadonlyMap<LaterArgument, ReadonlyMap<string, pulumi.Output<unknown>>>;
}

/** Arguments in which every value is known, and those that are not. */
export interface LaterApart {
  /** Each value that is not known has a stand-in that keeps the rules. */
  readonly known: unknown;
  readonly later: LaterValues;
}

/** Takes what is known later out of a service's arguments, which may be anything at run time. */
export function laterApart(given: unknown): LaterApart {
  const wholes = new Map<LaterArgument, pulumi.Output<unknown>>();
  const entries = new Map<LaterArgument, ReadonlyMap<string, pulumi.Output<unknown>>>();
  let known = given;
  for (const argument of Object.keys(standIns) as LaterArgument[]) {
    const value = fieldOf(given, argument);
    const standIn = standIns[argument];
    if (typeof standIn !== "object") {
      const later = laterOf(value);
      if (later === undefined) continue;
      wholes.set(argument, later);
      known = withField(known, argument, standIn);
    } else {
      const found = new Map(laterEntries(value));
      if (found.size === 0) continue;
      entries.set(argument, found);
      known = withField(known, argument, withStandIns(value, found, Object.values(standIn)[0]));
    }
  }
  return { known, later: { wholes, entries } };
}

function laterEntries(value: unknown): readonly (readonly [string, pulumi.Output<unknown>])[] {
  if (typeof value !== "object" || value === null || isLater(value)) return [];
  return (namesIn(value) ?? []).flatMap((key) => {
    const later = laterOf(fieldOf(value, key));
    return later === undefined ? [] : [[key, later] as const];
  });
}

function withStandIns(value: unknown, later: ReadonlyMap<string, unknown>, standIn: unknown): unknown {
  const replaced = (key: string): unknown => (later.has(key) ? standIn : fieldOf(value, key));
  if (Array.isArray(value)) return Array.from(value, (_, index) => replaced(String(index)));
  return [...later.keys()].reduce<unknown>((known, key) => withField(known, key, standIn), value);
}

function withField(input: unknown, name: string, value: unknown): unknown {
  const { others } = fieldApart(input, name);
  return isRecord(others) ? Object.defineProperty(others, name, { value, enumerable: true }) : others;
}

function laterOf(value: unknown): pulumi.Output<unknown> | undefined {
  return isLater(value) ? pulumi.output(value) : undefined;
}

/** Arguments of a service that were judged, and outputs in the place of their stand-ins. */
export interface LaterArgs {
  /** The image, if it is an output. */
  readonly image: pulumi.Output<string> | undefined;
  readonly command: readonly (string | pulumi.Output<string>)[];
  readonly env: Readonly<Record<string, string | pulumi.Output<string>>>;
  readonly configFiles: Readonly<Record<string, string | pulumi.Output<string>>>;
  readonly replicas: number | pulumi.Output<number>;
}

/**
 * Puts what is known later in the place of its stand-ins. Whoever asks for one of these outputs is told what is wrong with
 * it, in the words of the same value known before.
 *
 * @param service its name, for that message
 */
export function withLater(service: string, args: CompleteServiceArgs, later: LaterValues): LaterArgs {
  const judged = <Value>(argument: LaterArgument, key?: string): pulumi.Output<Value> | undefined => {
    const value = key === undefined ? later.wholes.get(argument) : later.entries.get(argument)?.get(key);
    // What it holds keeps the rules, or nobody is handed it.
    return value === undefined ? undefined : (judgedLater(service, argument, key, value) as pulumi.Output<Value>);
  };
  const named = (argument: "env" | "configFiles"): Readonly<Record<string, string | pulumi.Output<string>>> =>
    Object.fromEntries(
      Object.entries(args[argument]).map(([name, value]) => [name, judged<string>(argument, name) ?? value]),
    );
  return {
    image: judged("image"),
    command: args.command.map((value, index) => judged<string>("command", String(index)) ?? value),
    env: named("env"),
    configFiles: named("configFiles"),
    replicas: judged("replicas") ?? args.replicas,
  };
}

function judgedLater(
  service: string,
  argument: LaterArgument,
  key: string | undefined,
  later: pulumi.Output<unknown>,
): pulumi.Output<unknown> {
  const path = pathText(key === undefined ? [argument] : [argument, key]);
  const judged = later.apply((value) => {
    refuse("OBS1002", service, knownProblems(path, argumentWith(argument, key, value)));
    return value;
  });
  // Everything else of a service can be read by whoever may look at its container or pod.
  if (argument === "configFiles") return judged;
  const isSecret = pulumi.output(pulumi.isSecret(later)).apply((secret) => {
    refuse("OBS1002", service, secret ? [hiddenProblem(path, "must not be a secret", secretChange)] : []);
  });
  return pulumi.all([judged, isSecret]).apply(([value]) => value);
}

const secretChange = "hand it over in secretEnv or secretFiles, or as pulumi.unsecret(…) if it is none";

/** An argument in which everything else keeps the rules. */
function argumentWith(argument: LaterArgument, key: string | undefined, value: unknown): object {
  if (key === undefined) return { [argument]: value };
  if (argument !== "command") return { [argument]: { [key]: value } };
  return { command: [...Array.from({ length: Number(key) }, () => "before"), value] };
}

function knownProblems(path: string, args: object): readonly Problem[] {
  return judgedServiceArgs({ image: standIns.image, ...args }).problems.filter(({ path: found }) =>
    [found, ...pathPrefixes(found)].includes(path),
  );
}

/** Of `env.A.0` these are `env` and `env.A`. */
function pathPrefixes(path: string): readonly string[] {
  return [...path.matchAll(/\./g)].map(({ index }) => path.slice(0, index));
}
