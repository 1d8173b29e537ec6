import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { exampleServiceNames } from "../config/example-services.ts";
import { flows } from "../config/flows.ts";
import { partEntries } from "../config/parts/parts.ts";
import { comparison, difference, type Change } from "../components/preview/difference.ts";
import { replacedBy, replacingInputs } from "../components/preview/replacements.ts";
import { projectFolder } from "../cli/project.ts";
import type { PreviewResource } from "../components/preview/record-program.ts";
import { secretSignature, secretValue, signatureKey, type PreviewValues } from "../components/preview/values.ts";
import {
  deployedHere,
  plannedToday,
  recordedState,
  recordedStates,
  statesFolder,
  targets,
  type DeployedResource,
} from "./support/recorded-state.ts";

const packageSchema = z.looseObject({ version: z.string() });

/** What is gone or cut off when a resource of a kind is removed or replaced; `undefined` if it comes again as it was. */
const kinds: Readonly<Record<string, string | undefined>> = {
  "docker:index/volume:Volume": "the data in it",
  "docker:index/network:Network": "the user's own containers, which it is cut off from",
  // Its data is in a volume.
  "docker:index/container:Container": undefined,
  "docker:index/remoteImage:RemoteImage": undefined,
  "random:index/randomPassword:RandomPassword": "the login, or what is encrypted with it",
  "pulumi:providers:docker": "everything that it manages",
  "pulumi:providers:kubernetes": "everything that it manages",
  "kubernetes:core/v1:Namespace": "everything in it",
  "kubernetes:core/v1:PersistentVolumeClaim": "the data in it",
  "kubernetes:apps/v1:StatefulSet": "its pods, before there are others",
  "kubernetes:apps/v1:Deployment": "its pods, before there are others",
  "kubernetes:core/v1:Service": "the address that clients know",
  "kubernetes:core/v1:ServiceAccount": "the rights of running pods",
  "kubernetes:rbac.authorization.k8s.io/v1:Role": "the rights of running pods",
  "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding": "the rights of running pods",
  "kubernetes:networking.k8s.io/v1:NetworkPolicy": "the protection of running pods",
  // Both are made from what the stack has elsewhere; another content is another object, before the old one goes.
  "kubernetes:core/v1:ConfigMap": undefined,
  "kubernetes:core/v1:Secret": undefined,
};

/** A change that a later program makes to what a release has deployed. */
interface AllowedUpdate {
  readonly kind: Change["kind"];
  /** Which resources: matches `type name`. */
  readonly resources: RegExp;
  /** Inputs that may differ; only of a change. */
  readonly inputs: readonly string[];
  readonly why: string;
}

/**
 * What today's program changes of each release's state, with the reason. What a user would lose is not to be allowed
 * here: it is refused by the other test.
 */
const allowedUpdates: Readonly<Record<string, readonly AllowedUpdate[]>> = {
  "0.1.0": [
    {
      kind: "change",
      resources: /:(Container|StatefulSet|ConfigMap|Service|NetworkPolicy) observability-jaeger(-config)?$/,
      inputs: ["uploads", "spec", "data", "metadata"],
      why: "Jaeger's query API over gRPC is on 127.0.0.1 of its container, and it says what it measures of itself",
    },
    {
      kind: "change",
      resources: /:(Container|StatefulSet) observability-victoria-metrics$/,
      inputs: ["command", "spec"],
      why: "the Collector keeps what is needed of VictoriaMetrics' own metrics, in place of VictoriaMetrics all of them",
    },
    {
      kind: "change",
      resources: /:(Container|StatefulSet|ConfigMap|NetworkPolicy) observability-otel-collector(-config)?$/,
      inputs: ["uploads", "spec", "data", "metadata"],
      why: "the Collector makes metrics of spans and log records, names levels and senders alike, and asks the parts for theirs",
    },
    {
      kind: "change",
      resources: new RegExp(`:(Container|Deployment) observability-(${exampleServiceNames.join("|")})$`),
      inputs: ["envs", "spec"],
      why: "services are asked for the names of today's conventions",
    },
    {
      kind: "change",
      resources: /:(Container|StatefulSet|ConfigMap|NetworkPolicy) observability-grafana(-config)?$/,
      inputs: ["uploads", "envs", "spec", "data", "metadata", "command"],
      why: "Grafana's dashboard and links show what the Collector makes of spans, and the Collector asks it for its metrics; no arguments are no empty list of them",
    },
  ],
};

/** Name of a part in the type of its component. */
function typeName(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/**
 * What a part of today brings with it that a release did not have: resources of its own, and what the parts that it is
 * connected with are told of it.
 */
function withNewParts(planned: readonly PreviewResource[], deployed: readonly DeployedResource[]): AllowedUpdate[] {
  const components = new Set(deployed.map(({ urn }) => urn.split("::")[2]?.split("$").at(-1)));
  return partEntries
    .filter(([name]) => !components.has(`observability:index:${typeName(name)}`))
    .flatMap(([name, { host, title }]) => {
      const why = `the stack has ${title} now`;
      const its = planned.filter(
        ({ urn }) =>
          urn.includes(`$observability:index:${typeName(name)}$`) ||
          urn.includes(`$observability:index:${typeName(name)}::`),
      );
      const images = its.flatMap(({ inputs }) => inputs["image"] ?? []);
      const known = new Set(deployed.map(({ urn }) => urn));
      const pulled = planned.filter(
        ({ urn, inputs }) => !known.has(urn) && images.some((image) => image === inputs["name"]),
      );
      const own = [...its, ...pulled];
      const neighbours = flows.flatMap(({ from, to }) => (from === host ? [to] : to === host ? [from] : []));
      const told = `:(Container|StatefulSet|ConfigMap|NetworkPolicy) observability-(${[...new Set(neighbours)].join("|")})(-config)?$`;
      // A part that does not run is told to nobody but the policies, which are for whatever may run.
      const isTold = own.some(({ custom }) => custom) || planned.some(({ type }) => type.endsWith(":NetworkPolicy"));
      const change = {
        kind: "change" as const,
        resources: new RegExp(told),
        inputs: ["uploads", "spec", "data", "metadata"],
        why,
      };
      return [
        ...own.map(({ type, name: resource }) => ({
          ...{ kind: "create" as const, resources: new RegExp(`^${type} ${resource}$`), inputs: [], why },
        })),
        ...(isTold ? [change] : []),
      ];
    });
}

/** What a user would lose by deploying a program over a state, a line each. */
function losses(planned: readonly PreviewResource[], deployed: readonly DeployedResource[]): readonly string[] {
  const plans = new Map(planned.map((resource) => [resource.urn, resource]));
  return deployed.flatMap((old) => {
    const { urn, type } = old;
    const loses = kinds[type];
    if (loses === undefined) return [];
    const plan = plans.get(urn);
    const line = (what: string): string => `${type} ${urn.split("::").at(-1) ?? ""}: ${what}, which loses ${loses}`;
    if (plan === undefined) return [line("removed")];
    const changed = replacingInputs(plan, old, replacedBy(type) ?? "any", comparison([plan], new Map()));
    return [
      ...(changed.length > 0 ? [line(`replaced by ${changed.join(", ")}`)] : []),
      ...(plan.provider === old.provider ? [] : [line("given to another provider")]),
      ...(old.protect && !plan.protect ? [line("no longer protected")] : []),
    ];
  });
}

/** Changes that no entry allows, and entries that allow none. */
function updateProblems(changes: readonly Change[], allowed: readonly AllowedUpdate[]): readonly string[] {
  const fits = ({ kind, resources, inputs }: AllowedUpdate, change: Change): boolean =>
    kind === change.kind &&
    resources.test(`${change.type} ${change.name}`) &&
    change.inputs.every((input) => inputs.includes(input));
  return [
    ...changes
      .filter((change) => !allowed.some((entry) => fits(entry, change)))
      .map(({ kind, type, name, inputs }) => [kind, type, name, ...inputs].join(" ")),
    ...allowed
      .filter((entry) => !changes.some((change) => fits(entry, change)))
      .map(({ resources }) => `nothing that ${String(resources)} allows: remove it`),
  ];
}

const states = recordedStates();

describe("the recorded states", () => {
  it("are one for each target of each release that has any, and of today's version at least", () => {
    const { version } = packageSchema.parse(JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8")));
    const versions = [...new Set([version, ...states.map((state) => state.version)])];
    assert.deepEqual(
      states.map((state) => `${state.version} ${state.target}`).sort(),
      versions.flatMap((each) => targets.map((target) => `${each} ${target}`)).sort(),
    );
  });

  it("hold no secret in the open, no time, and no address of a machine", () => {
    for (const file of readdirSync(statesFolder)) {
      const text = readFileSync(join(statesFolder, file), "utf8");
      assert.doesNotMatch(
        text,
        /ciphertext|BEGIN [A-Z ]*PRIVATE KEY|\d{4}-\d\d-\d\dT\d\d:|sha256:|unix:\/\/|"kubeconfig"/,
        file,
      );
      assert.ok(text.length < 300_000, `${file}: must be below 300 kB, got ${text.length}`);
    }
  });
});

for (const state of states) {
  describe(`a program of today over what ${state.version} deployed on ${state.target}`, () => {
    let planned: readonly PreviewResource[];
    let deployed: readonly DeployedResource[];

    before(async () => {
      planned = await plannedToday(state);
      deployed = deployedHere(state, planned);
    });

    it("removes and replaces nothing that a user would miss", () => {
      assert.deepEqual(losses(planned, deployed), []);
    });

    it("changes nothing but what is allowed, for the reason that is given with it", () => {
      const { changes } = difference(planned, { resources: deployed });
      const allowed = [...(allowedUpdates[state.version] ?? []), ...withNewParts(planned, deployed)];
      assert.deepEqual(updateProblems(changes, allowed), []);
    });

    it("is judged for every kind of resource in it", () => {
      const types = new Set(deployed.filter(({ inputs }) => Object.keys(inputs).length > 0).map(({ type }) => type));
      assert.deepEqual([...types].filter((type) => !Object.hasOwn(kinds, type)).sort(), []);
    });

    it("would tell of each resource with something to lose if it were removed, replaced or moved", () => {
      const holding = deployed.filter((old) => kinds[old.type] !== undefined && losses(planned, [old]).length === 0);
      assert.notEqual(holding.length, 0);
      for (const old of holding) {
        const { urn, protect } = old;
        const [plan] = planned.filter((other) => other.urn === urn);
        assert.ok(plan);
        const told = (...plans: readonly PreviewResource[]): string => losses(plans, [old]).join("\n");
        const ways = [
          { told: told(), says: ": removed, " },
          { told: told({ ...plan, provider: "another" }), says: ": given to another provider, " },
          ...(protect ? [{ told: told({ ...plan, protect: false }), says: ": no longer protected, " }] : []),
          ...replacements(plan).map(({ path, changed }) => ({ told: told(changed), says: `: replaced by ${path}, ` })),
        ];
        for (const way of ways)
          assert.ok(way.told.includes(`${plan.name}${way.says}`), `${urn} ${way.says}: ${way.told}`);
      }
    });

    it("would tell of any input that changes, and of a permission that nothing needs", () => {
      const [first] = planned.filter(({ type }) => type === "docker:index/remoteImage:RemoteImage");
      assert.ok(first);
      const changed = planned.map((plan) =>
        plan === first ? { ...plan, inputs: { ...plan.inputs, name: "b:1" } } : plan,
      );
      const { changes: all } = difference(changed, { resources: deployed });
      const changes = all.filter(({ urn }) => urn === first.urn);
      const name = `${first.type} ${first.name}`;
      assert.deepEqual(updateProblems(changes, []), [`change ${name} name`]);
      const allowed = { kind: "change", resources: new RegExp(name), inputs: ["name"], why: "a test" } as const;
      assert.deepEqual(updateProblems(changes, [allowed]), []);
      assert.deepEqual(updateProblems(changes, [{ ...allowed, inputs: [] }]), [
        `change ${name} name`,
        `nothing that ${String(allowed.resources)} allows: remove it`,
      ]);
    });
  });
}

/** A planned resource with each of the inputs changed in turn that would replace it. */
function replacements(plan: PreviewResource): readonly { readonly path: string; readonly changed: PreviewResource }[] {
  const by = replacedBy(plan.type) ?? "any";
  const paths =
    by === "any" || "allBut" in by
      ? ["unheardOf", ...Object.keys(plan.inputs).filter((name) => !plan.ignoreChanges.includes(name))]
      : by;
  return paths.map((path) => ({ path, changed: { ...plan, inputs: withOther(plan.inputs, path.split(".")) } }));
}

function withOther(values: PreviewValues, [name = "", ...rest]: readonly string[]): PreviewValues {
  const value = rest.length === 0 ? "another" : withOther((values[name] ?? {}) as PreviewValues, rest);
  return { ...values, [name]: value };
}

describe("the record of a state", () => {
  const urn = "urn:pulumi:dev::observability::a:b:C::x";
  const about = { version: "1.0.0", stack: "dev", settings: {} };
  const secret = (value: unknown): object => ({
    [signatureKey]: secretSignature,
    plaintext: JSON.stringify(value),
  });
  const plan = (inputs: PreviewValues, type = "a:b:C"): PreviewResource => ({
    ...{ urn, type, name: "x", parent: "", custom: true, inputs, outputs: {}, protect: false, dependencies: [] },
    ...{ provider: "", deleteBeforeReplace: false, ignoreChanges: [], replaceOnChanges: [], deleteTimeout: "" },
  });
  const recordOf = (planned: PreviewResource, inputs: object): unknown =>
    recordedState(about, [planned], { resources: [{ urn, type: planned.type, inputs }] }).resources[0]?.inputs;

  it("has of a secret what the program has in the open, and nothing else", () => {
    const files = [
      { file: "/a", content: secretValue },
      { file: "/b", content: "open" },
    ];
    const found = recordOf(plan({ files, password: secretValue }), {
      files: secret([
        { __defaults: [], file: "/a", content: "hunter2" },
        { file: "/b", content: "open" },
      ]),
      password: secret("hunter2"),
    });
    assert.deepEqual(found, {
      files: secret([
        { __defaults: [], file: "/a", content: "[secret]" },
        { file: "/b", content: "open" },
      ]),
      password: secret("[secret]"),
    });
  });

  it("has nothing of the machine", () => {
    const build = { context: join(projectFolder, "services") };
    const image = plan({ name: "dev-services:0123456789ab", build });
    assert.deepEqual(recordOf(image, { name: "dev-services:0123456789ab", build }), {
      name: "dev-services:[content]",
      build: { context: "[repository]/services" },
    });
    assert.deepEqual(recordOf(plan({}, "pulumi:providers:docker"), { host: "ssh://me@machine" }), {});
  });

  it("is refused if the program makes something else", () => {
    assert.throws(() => recordOf(plan({ a: 1 }), { a: 2 }), {
      message: "the stack dev: must be as the program makes it, got change x a; run npm run up first",
    });
  });
});
