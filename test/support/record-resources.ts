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
  readonly provider: string;
  readonly protect: boolean;
  readonly deleteBeforeReplace: boolean;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  /** Whether `registerOutputs` was called on it. */
  readonly outputsRegistered: boolean;
}

/** Stands for a value that only a deployment can know. */
export const unknownValue = "<unknown>";

/** Stands around a value that is a secret. */
export interface RecordedSecret {
  readonly secret: unknown;
}

const project = "observability";
const stack = "test";
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const unknownSignature = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getObject(): { toJavaScript(): Record<string, unknown> };
  getDependenciesList(): string[];
  getProvider(): string;
  getProtect(): boolean;
  getDeletebeforereplace(): boolean;
  getIgnorechangesList(): string[];
  getReplaceonchangesList(): string[];
}

/**
 * Runs a program against Pulumi's mocks, as a preview does, and returns every resource it registers, sorted by URN.
 * What a provider would compute is unknown, as in a real preview.
 */
export async function recordResources(program: () => unknown): Promise<readonly RecordedResource[]> {
  const requests: RegisterRequest[] = [];
  const withOutputs = new Set<string>();
  await pulumi.runtime.setMocks(
    {
      newResource: ({ name, inputs }) => ({ id: `${name}-id`, state: inputs as Record<string, unknown> }),
      call: ({ token }) => {
        throw new Error(`${token}: a preview must not call a provider's function`);
      },
    },
    project,
    stack,
    true,
  );
  const monitor = getMonitor();
  if (monitor === undefined) throw new Error("Pulumi's mocks have no monitor");
  intercept(monitor, "registerResource", (request) => requests.push(request as RegisterRequest));
  intercept(monitor, "registerResourceOutputs", (request) =>
    withOutputs.add((request as { getUrn(): string }).getUrn()),
  );
  await pulumi.runtime.runInPulumiStack(() => {
    program();
    return Promise.resolve({});
  });
  await pulumi.runtime.disconnect();
  return requests
    .filter((request) => request.getType() !== "pulumi:pulumi:Stack")
    .map((request) => recorded(request, withOutputs))
    .sort((a, b) => (a.urn < b.urn ? -1 : 1));
}

function intercept(monitor: object, method: string, see: (request: unknown) => void): void {
  const original: unknown = Reflect.get(monitor, method);
  if (typeof original !== "function") throw new Error(`Pulumi's mocks have no ${method}`);
  Reflect.set(monitor, method, (request: unknown, ...rest: unknown[]): unknown => {
    see(request);
    return Reflect.apply(original, monitor, [request, ...rest]);
  });
}

function recorded(request: RegisterRequest, withOutputs: ReadonlySet<string>): RecordedResource {
  const urn = mockUrn(request);
  return {
    urn,
    type: request.getType(),
    name: request.getName(),
    parent: request.getParent(),
    custom: request.getCustom(),
    inputs: readable(request.getObject().toJavaScript()) as Record<string, unknown>,
    dependencies: request.getDependenciesList(),
    provider: request.getProvider(),
    protect: request.getProtect(),
    deleteBeforeReplace: request.getDeletebeforereplace(),
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    outputsRegistered: withOutputs.has(urn),
  };
}

/** The URN that the mocks give: the parent's own type and the resource's type. */
function mockUrn(request: RegisterRequest): string {
  const parentType = request.getParent() === "" ? "" : `${request.getParent().split("::")[2] ?? ""}$`;
  const qualified = parentType.split("$").slice(-2).join("$");
  return `urn:pulumi:${stack}::${project}::${qualified}${request.getType()}::${request.getName()}`;
}

function readable(value: unknown): unknown {
  if (value === unknownSignature) return unknownValue;
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== "object" || value === null) return value;
  if (Reflect.get(value, signatureKey) === secretSignature) return { secret: readable(Reflect.get(value, "value")) };
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, readable(entry)]));
}
