import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceOutputsRequest, RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb.js";
import { getMonitor } from "@pulumi/pulumi/runtime/settings.js";
import * as state from "@pulumi/pulumi/runtime/state.js";
import { codedError } from "../../config/coded-error.ts";
import type { StackIdentity } from "../../config/settings-and-defaults.ts";
import { exclusively, type Fail } from "./exclusively.ts";
import { plainValues, type PreviewValues, type SecretMark, type Struct } from "./values.ts";

/** A resource as a program registers it. */
export interface PreviewResource {
  /** As a deployment would name it. */
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  /** URN of the component that it belongs to; of the Pulumi stack if it belongs to none. */
  readonly parent: string;
  /** `false` for a component, which is made of other resources. */
  readonly custom: boolean;
  readonly inputs: PreviewValues;
  /**
   * Of a component what it hands to `registerOutputs`; of another resource its inputs, and what the provider computes
   * and declares secret. The rest of what a provider computes is unknown and left out.
   */
  readonly outputs: PreviewValues;
  /** Whether Pulumi refuses to delete it. */
  readonly protect: boolean;
  /** URNs of what it waits for, sorted. */
  readonly dependencies: readonly string[];
  /** URN and id of the explicit provider; empty for the default one. */
  readonly provider: string;
  readonly deleteBeforeReplace: boolean;
  /** Inputs whose changes do not count. */
  readonly ignoreChanges: readonly string[];
  /** Inputs whose changes replace the resource, on top of what the provider says. */
  readonly replaceOnChanges: readonly string[];
  /** How long its deletion may take, as text, for instance `90s`; empty for the provider's own. */
  readonly deleteTimeout: string;
}

/** A whole program: its resources sorted by URN, and what it exports. */
export interface RecordedProgram {
  readonly resources: readonly PreviewResource[];
  readonly outputs: PreviewValues;
  /** The same, secrets and every option of a resource with it, as one short text: another one once any of it is another. */
  readonly fingerprint: string;
}

/** Under which names and with which settings a program runs. */
export interface ProgramOptions extends StackIdentity {
  /** Pulumi configuration, with the project's name in front of each key. @default none */
  readonly config?: Readonly<Record<string, string>>;
}

/** What the program told Pulumi. */
interface Seen {
  readonly requests: Map<string, RegisterResourceRequest>;
  readonly outputs: Map<string, Struct | undefined>;
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

const stackType = "pulumi:pulumi:Stack";

/**
 * Runs a program against Pulumi's mocks, as a preview does, and returns all that it registers. It needs no engine and
 * leaves mocks that a test has set itself as they are. What a provider would compute is unknown, as in a real preview, except
 * the outputs that a resource declares secret: the engine marks those, the mocks do not, so each is a secret with the
 * text {@link generatedSecret} here.
 *
 * @param mark says what stands for a secret
 * @throws Error with the first problem of the program.
 */
export function recordProgram(
  program: () => unknown,
  options: ProgramOptions,
  mark: SecretMark,
): Promise<RecordedProgram> {
  return exclusively(async (fail) => {
    const seen: Seen = { requests: new Map(), outputs: new Map() };
    // What Pulumi's own Automation API uses for programs that run side by side.
    await methodOf(state, "withLocalStorage").call(undefined, () => run(program, options, seen, fail));
    return recorded(seen, mark);
  });
}

async function run(
  program: () => unknown,
  { project, stack, config }: ProgramOptions,
  seen: Seen,
  fail: Fail,
): Promise<void> {
  await pulumi.runtime.setMocks(mocks(seen, fail), project, stack, true);
  pulumi.runtime.setAllConfig({ ...config });
  const monitor = getMonitor();
  if (monitor === undefined) throw new Error("Pulumi's mocks have no monitor");
  // Their own URNs keep the last parent's type only.
  replaceMethod(monitor, "newUrn", () => (parent, type, name) => urnOf({ project, stack }, parent, type, name));
  replaceMethod(monitor, "registerResource", (original) => (request, ...rest) => {
    see(request as RegisterResourceRequest, seen, { project, stack }, fail);
    return original.call(monitor, request, ...rest);
  });
  replaceMethod(monitor, "registerResourceOutputs", (original) => (...args) => {
    const [request] = args as readonly RegisterResourceOutputsRequest[];
    if (request !== undefined) seen.outputs.set(request.getUrn(), request.getOutputs());
    return original.call(monitor, ...args);
  });
  await pulumi.runtime.runInPulumiStack(async () => {
    try {
      return (await program()) ?? {};
    } catch (error) {
      // Handed on, it would not be waited for what is under way, and what of that fails would fail a later test.
      fail(error);
      return {};
    }
  });
  await pulumi.runtime.disconnect();
}

function mocks({ requests }: Seen, fail: Fail): pulumi.runtime.Mocks {
  return {
    newResource: ({ type, name, inputs }: { type: string; name: string; inputs: object }) => {
      const request = [...requests.values()].findLast((seen) => seen.getType() === type && seen.getName() === name);
      const secrets = (request?.getAdditionalsecretoutputsList() ?? []).map(
        (output) => [output, pulumi.secret(generatedSecret(name, output))] as const,
      );
      const state = { ...inputs, ...Object.fromEntries(secrets), ...nameOfProvider(type, inputs) };
      return { id: previewId(name), state };
    },
    call: ({ token }) => {
      const message = `${token}: must not be called in a preview, which has no providers; pass its result in`;
      const error = codedError("OBS1006", message);
      fail(error);
      throw error;
    },
  };
}

/** The name of an object of Kubernetes that is left to the provider. */
function nameOfProvider(type: string, inputs: object): Record<string, unknown> {
  if (!type.startsWith("kubernetes:") || !("metadata" in inputs)) return {};
  const metadata = inputs.metadata as Readonly<Record<string, unknown>>;
  return metadata["name"] === undefined ? { metadata: { ...metadata, name: pulumi.unknown } } : {};
}

/** Id of a recorded resource: only a deployment gives it its real one. */
export function previewId(name: string): string {
  return `${name}-id`;
}

/** Text of a secret that a recorded resource generates. */
export function generatedSecret(name: string, output: string): string {
  return `generated by ${name}.${output}`;
}

function see(request: RegisterResourceRequest, { requests }: Seen, identity: StackIdentity, fail: Fail): void {
  const urn = urnOf(identity, request.getParent(), request.getType(), request.getName());
  if (requests.has(urn)) {
    const message = `${urn}: must be unique, got two resources; rename one of the two`;
    fail(codedError("OBS1006", message));
  }
  requests.set(urn, request);
}

/** The URN of a resource. The type has the types of all parents in front, but for the Pulumi stack's. */
function urnOf({ project, stack }: StackIdentity, parent: unknown, type: unknown, name: unknown): string {
  const [, , parents = ""] = String(parent).split("::");
  const qualified = parents === "" || parents === stackType ? String(type) : `${parents}$${String(type)}`;
  return `urn:pulumi:${stack}::${project}::${qualified}::${String(name)}`;
}

function recorded({ requests, outputs }: Seen, mark: SecretMark): RecordedProgram {
  const resources = [...requests].map(([urn, request]) => resource(urn, request, outputs.get(urn), mark));
  const root = resources.find(({ type }) => type === stackType);
  return {
    resources: resources.filter((other) => other !== root).sort((a, b) => (a.urn < b.urn ? -1 : 1)),
    outputs: root?.outputs ?? {},
    fingerprint: fingerprint({ requests, outputs }),
  };
}

function fingerprint({ requests, outputs }: Seen): string {
  const told = [...requests]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([urn, request]) => [urn, request.toObject(), outputs.get(urn)?.toJavaScript()]);
  return createHash("sha256").update(JSON.stringify(told)).digest("hex");
}

function resource(
  urn: string,
  request: RegisterResourceRequest,
  registered: Struct | undefined,
  mark: SecretMark,
): PreviewResource {
  const name = request.getName();
  const inputs = plainValues(request.getObject(), mark);
  const secrets = request
    .getAdditionalsecretoutputsList()
    .map((output) => [output, mark(generatedSecret(name, output))] as const);
  const known = request.getCustom() ? { ...inputs, ...Object.fromEntries(secrets) } : {};
  return {
    urn,
    type: request.getType(),
    name,
    parent: request.getParent(),
    custom: request.getCustom(),
    inputs,
    outputs: registered === undefined ? known : plainValues(registered, mark),
    protect: request.getProtect() ?? false,
    dependencies: request.getDependenciesList().sort(),
    provider: request.getProvider(),
    deleteBeforeReplace: request.getDeletebeforereplace(),
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    deleteTimeout: request.getCustomtimeouts()?.getDelete() ?? "",
  };
}

function replaceMethod(object: object, name: string, replacement: (original: Method) => Method): void {
  Reflect.set(object, name, replacement(methodOf(object, name)));
}

/** A method that Pulumi's declarations do not have. */
function methodOf(object: object, name: string): Method {
  const found: unknown = Reflect.get(object, name);
  if (typeof found !== "function")
    throw new Error(`${name}: must be a method of Pulumi's runtime, got ${typeof found}`);
  return found as Method;
}
