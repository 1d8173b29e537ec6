import * as pulumi from "@pulumi/pulumi";
import { getMonitor } from "@pulumi/pulumi/runtime/settings.js";

/** A resource as the program registered it, options and all. Unknown values are the string `<unknown>`. */
export interface RecordedResource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  readonly custom: boolean;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** URNs it waits for. */
  readonly dependencies: readonly string[];
  /** URN and id of the explicit provider; empty for the default one. */
  readonly provider: string;
  readonly protect: boolean;
  readonly deleteBeforeReplace: boolean;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  /** Duration as text; empty for the provider's own. */
  readonly deleteTimeout: string;
  /**
   * What a component handed to `registerOutputs`; `undefined` if it never called it. (Pulumi's base class then calls it
   * with nothing, late, which the mocks cannot tell from a call.)
   */
  readonly registeredOutputs: Readonly<Record<string, unknown>> | undefined;
}

/** A whole program: its resources sorted by URN, and what it exports. */
export interface RecordedProgram {
  readonly resources: readonly RecordedResource[];
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** Stands for a value that only a deployment can know. */
export const unknownValue = "<unknown>";

/** Stands around a value that is a secret. */
export interface RecordedSecret {
  readonly secret: unknown;
}

/** Pulumi project and stack under which the programs run. */
export const recordedIdentity = { project: "observability", stack: "test" } as const;

const { project, stack } = recordedIdentity;
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const unknownSignature = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const stackType = "pulumi:pulumi:Stack";

interface Struct {
  toJavaScript(): Record<string, unknown>;
}

interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getObject(): Struct;
  getDependenciesList(): string[];
  getProvider(): string;
  getProtect(): boolean | undefined;
  getDeletebeforereplace(): boolean;
  getIgnorechangesList(): string[];
  getReplaceonchangesList(): string[];
  getAdditionalsecretoutputsList(): string[];
  getCustomtimeouts(): { getDelete(): string } | undefined;
}

interface OutputsRequest {
  getUrn(): string;
  getOutputs(): Struct;
}

type Method = (this: object, ...args: unknown[]) => unknown;

/** Every resource that a program registers, sorted by URN. See {@link recordProgram}. */
export async function recordResources(program: () => unknown): Promise<readonly RecordedResource[]> {
  return (await recordProgram(program)).resources;
}

/**
 * Runs a program against Pulumi's mocks, as a preview does. What a provider would compute is unknown, as in a real
 * preview, except the outputs that a resource declares secret: the engine marks those, the mocks do not, so each is a
 * secret with the text {@link generatedSecret} here.
 *
 * @param config Pulumi configuration, with the project's prefix on each key.
 */
export async function recordProgram(
  program: () => unknown,
  config: Readonly<Record<string, string>> = {},
): Promise<RecordedProgram> {
  const requests: RegisterRequest[] = [];
  const outputs = new Map<string, Record<string, unknown>>();
  const secretOutputs = new Map<string, readonly string[]>();
  const calledByThemselves = new Set<string>();
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }: { type: string; name: string; inputs: object }) => {
        const secrets = (secretOutputs.get(`${type}::${name}`) ?? []).map((key) => [
          key,
          pulumi.secret(generatedSecret(name, key)),
        ]);
        const state: Record<string, unknown> = { ...inputs, ...(Object.fromEntries(secrets) as object) };
        return { id: `${name}-id`, state };
      },
      call: ({ token }) => {
        throw new Error(`${token}: a preview must not call a provider's function`);
      },
    },
    project,
    stack,
    true,
  );
  pulumi.runtime.setAllConfig({ ...config });
  const monitor = getMonitor();
  if (monitor === undefined) throw new Error("Pulumi's mocks have no monitor");
  intercept(monitor, "registerResource", (seen) => {
    const request = seen as RegisterRequest;
    requests.push(request);
    secretOutputs.set(`${request.getType()}::${request.getName()}`, request.getAdditionalsecretoutputsList());
  });
  intercept(monitor, "registerResourceOutputs", (seen) => {
    const request = seen as OutputsRequest;
    outputs.set(request.getUrn(), readableRecord(request.getOutputs()));
  });
  const restore = watchRegisterOutputs((type, name) => calledByThemselves.add(`${type}::${name}`));
  try {
    await pulumi.runtime.runInPulumiStack(async () => (await program()) ?? {});
    await pulumi.runtime.disconnect();
  } finally {
    restore();
  }
  for (const urn of outputs.keys()) {
    const [, , types = "", name = ""] = urn.split("::");
    const type = types.split("$").at(-1) ?? "";
    if (type !== stackType && !calledByThemselves.has(`${type}::${name}`)) outputs.delete(urn);
  }
  return {
    resources: requests
      .filter((request) => request.getType() !== stackType)
      .map((request) => recorded(request, outputs))
      .sort((a, b) => (a.urn < b.urn ? -1 : 1)),
    outputs: [...outputs].find(([urn]) => urn.includes(`::${stackType}::`))?.[1] ?? {},
  };
}

/** Text of a secret that a recorded resource generates. */
export function generatedSecret(name: string, output: string): string {
  return `generated by ${name}.${output}`;
}

/** Shows every request to a method of the monitor before it gets there. */
function intercept(monitor: object, method: string, see: (request: unknown) => void): void {
  const original = methodOf(monitor, method);
  Reflect.set(monitor, method, (...args: readonly unknown[]) => {
    see(args[0]);
    return original.apply(monitor, [...args]);
  });
}

function methodOf(object: object, name: string): Method {
  const found: unknown = Reflect.get(object, name);
  if (typeof found !== "function") throw new Error(`Pulumi's ${object.constructor.name} has no ${name}`);
  return found as Method;
}

/** Reports each call of `registerOutputs` that comes from a component and not from its base class; returns the way back. */
function watchRegisterOutputs(see: (type: string, name: string) => void): () => void {
  const prototype: object = pulumi.ComponentResource.prototype;
  const original = methodOf(prototype, "registerOutputs");
  Reflect.set(prototype, "registerOutputs", function (this: object, values?: object): unknown {
    if (values !== undefined) see(String(Reflect.get(this, "__pulumiType")), String(Reflect.get(this, "__name")));
    return original.call(this, values);
  });
  return () => Reflect.set(prototype, "registerOutputs", original);
}

function recorded(request: RegisterRequest, outputs: ReadonlyMap<string, Record<string, unknown>>): RecordedResource {
  const urn = mockUrn(request);
  return {
    urn,
    type: request.getType(),
    name: request.getName(),
    parent: request.getParent(),
    custom: request.getCustom(),
    inputs: readableRecord(request.getObject()),
    dependencies: request.getDependenciesList(),
    provider: request.getProvider(),
    protect: request.getProtect() ?? false,
    deleteBeforeReplace: request.getDeletebeforereplace(),
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    deleteTimeout: request.getCustomtimeouts()?.getDelete() ?? "",
    registeredOutputs: outputs.get(urn),
  };
}

/** The URN that the mocks give: the parent's own type and the resource's type. */
function mockUrn(request: RegisterRequest): string {
  const parentType = request.getParent() === "" ? "" : `${request.getParent().split("::")[2] ?? ""}$`;
  const qualified = parentType.split("$").slice(-2).join("$");
  return `urn:pulumi:${stack}::${project}::${qualified}${request.getType()}::${request.getName()}`;
}

function readableRecord(struct: Struct): Record<string, unknown> {
  return Object.fromEntries(Object.entries(struct.toJavaScript()).map(([key, entry]) => [key, readable(entry)]));
}

function readable(value: unknown): unknown {
  if (value === unknownSignature) return unknownValue;
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== "object" || value === null) return value;
  if (Reflect.get(value, signatureKey) === secretSignature) return { secret: readable(Reflect.get(value, "value")) };
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, readable(entry)]));
}
