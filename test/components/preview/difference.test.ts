import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { difference, type Difference } from "../../../components/preview/difference.ts";
import { previewProgram } from "../../../components/preview/preview-program.ts";
import type { PreviewResource } from "../../../components/preview/record-program.ts";
import {
  secretSignature,
  secretValue,
  signatureKey,
  unknownValue,
  type PreviewValues,
} from "../../../components/preview/values.ts";
import { recordedIdentity } from "../../support/record-resources.ts";
import { sampleProgram, type SampleChange } from "../../support/sample-program.ts";

interface State {
  readonly resources: readonly Readonly<Record<string, unknown>>[];
}

const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, "..", "..", "fixtures", "deployed-state.json"), "utf8"),
) as State;

async function planned(change: SampleChange = {}): Promise<readonly PreviewResource[]> {
  const { resources } = await previewProgram(() => {
    sampleProgram(change);
  }, recordedIdentity);
  return resources;
}

/** Kind and name of each change, and the inputs that differ. */
function changes({ changes: all }: Difference): string[] {
  return all.map(({ kind, name, inputs }) => [kind, name, ...inputs].join(" "));
}

describe("the difference to a recorded state", () => {
  it("is none for the same program", async () => {
    assert.deepEqual(difference(await planned(), recorded), { changes: [], unchanged: 7 });
  });

  it("is the inputs that changed", async () => {
    const resources = await planned({ memory: 256, command: ["serve"], envs: ["MODE=slow", "LEVEL=info"] });
    const found = difference(resources, recorded);
    assert.deepEqual(changes(found), ["change store command envs memory"]);
    assert.equal(found.unchanged, 6);
  });

  it("sees a changed file beside one that is secret", async () => {
    const found = difference(await planned({ config: "retention: 48h\n" }), recorded);
    assert.deepEqual(changes(found), ["change store uploads"]);
  });

  it("has no text of a value, secret or not", async () => {
    const found = JSON.stringify(difference(await planned({ config: "changed: 48h\n" }), recorded));
    assert.doesNotMatch(found, /the password|48h|720h/);
  });

  it("does not count the order of a list, which providers do not keep", async () => {
    assert.deepEqual(changes(difference(await planned({ envs: ["MODE=fast", "LEVEL=info"] }), recorded)), []);
  });

  it("counts an entry that is there once more", async () => {
    const resources = await planned({ envs: ["MODE=fast", "MODE=fast"] });
    assert.deepEqual(changes(difference(resources, recorded)), ["change store envs"]);
  });

  it("takes what the provider filled in for a change only if the program wants another value", async () => {
    const same = await planned({ healthcheck: { tests: ["CMD", "check"], interval: "2s", timeout: "0s" } });
    assert.deepEqual(changes(difference(same, recorded)), []);
    const other = await planned({ healthcheck: { tests: ["CMD", "check"], interval: "2s", timeout: "9s" } });
    assert.deepEqual(changes(difference(other, recorded)), ["change store healthcheck"]);
  });

  it("is everything that is not deployed, and everything that the program no longer has", async () => {
    const resources = (await planned()).filter(({ name }) => name !== "data" && name !== "store");
    const state = { resources: recorded.resources.filter(({ id }) => id !== "id-network") };
    const found = difference(resources, state);
    assert.deepEqual(
      found.changes.map(({ kind, name, type, protect }) => ({ kind, name, type, protect })),
      [
        { kind: "create", name: "network", type: "docker:index/network:Network", protect: false },
        { kind: "remove", name: "store", type: "docker:index/container:Container", protect: false },
        { kind: "remove", name: "data", type: "docker:index/volume:Volume", protect: true },
      ],
    );
    assert.equal(found.unchanged, 4);
  });

  it("is everything when nothing is deployed", async () => {
    for (const empty of [{}, { resources: null }, { resources: [] }]) {
      const found = difference(await planned(), empty);
      assert.deepEqual([found.changes.length, found.unchanged], [7, 0]);
      assert.ok(found.changes.every(({ kind }) => kind === "create"));
    }
  });

  it("leaves out what waits for its deletion and what was only read", () => {
    const resources = recorded.resources.flatMap((resource) =>
      resource["id"] === "id-network" ? [{ ...resource, delete: true }] : [],
    );
    const read = { urn: "urn:pulumi:test::observability::a:b:C::read", type: "a:b:C", external: true };
    assert.deepEqual(difference([], { resources: [...resources, read] }), { changes: [], unchanged: 0 });
  });
});

describe("the difference of an input", () => {
  const urn = "urn:pulumi:test::observability::a:b:C::x";
  const secret = (value: unknown): object => ({
    [signatureKey]: secretSignature,
    plaintext: JSON.stringify(value),
  });
  const encrypted = { [signatureKey]: secretSignature, ciphertext: "v1:abc" };

  function changed(inputs: PreviewValues, old: Readonly<Record<string, unknown>>, type = "a:b:C"): readonly string[] {
    const resource: PreviewResource = {
      ...{ urn, type, name: "x", parent: "", custom: true, inputs, outputs: {}, protect: false, dependencies: [] },
      ...{ provider: "", deleteBeforeReplace: false, ignoreChanges: ["ignored"], replaceOnChanges: [] },
      deleteTimeout: "",
    };
    return difference([resource], { resources: [{ urn, type, inputs: old }] }).changes[0]?.inputs ?? [];
  }

  it("is none where the plan is unknown, wherever in a value that is", () => {
    assert.deepEqual(changed({ a: unknownValue, b: [{ c: unknownValue, d: 1 }] }, { a: 1, b: [{ c: 2, d: 1 }] }), []);
    assert.deepEqual(changed({ b: [{ c: unknownValue, d: 1 }] }, { b: [{ c: 2, d: 2 }] }), ["b"]);
  });

  it("is none where a secret stays one, whatever its value", () => {
    assert.deepEqual(changed({ a: secretValue }, { a: secret("x") }), []);
    assert.deepEqual(changed({ a: [{ b: secretValue }] }, { a: [{ b: secret("x") }] }), []);
    assert.deepEqual(changed({ a: [{ b: secretValue, c: 1 }] }, { a: secret([{ b: "x", c: 1 }]) }), []);
    assert.deepEqual(changed({ a: [{ b: secretValue, c: 2 }] }, { a: secret([{ b: "x", c: 1 }]) }), ["a"]);
  });

  it("is one where a value becomes a secret or stops being one", () => {
    assert.deepEqual(changed({ a: secretValue }, { a: "x" }), ["a"]);
    assert.deepEqual(changed({ a: "x" }, { a: secret("x") }), ["a"]);
    assert.deepEqual(changed({ a: { secret: true } }, { a: secret("x") }), ["a"]);
  });

  it("is none where the state tells nothing of a secret", () => {
    assert.deepEqual(changed({ a: secretValue, b: [secretValue] }, { a: encrypted, b: encrypted }), []);
  });

  it("is none where the configuration is encrypted", () => {
    assert.deepEqual(changed({ a: ["TOKEN=[encrypted]", "B=1"] }, { a: ["TOKEN=abc", "B=1"] }), []);
  });

  it("is one where it is new or gone, and none where its changes are ignored", () => {
    assert.deepEqual(changed({ a: 1, ignored: 1 }, { b: 2, ignored: 2 }), ["a", "b"]);
  });

  it("tells numbers, texts, objects and lists apart", () => {
    const old = { a: 1, b: [1], c: {}, d: null, e: [] };
    assert.deepEqual(changed({ a: "1", b: 1, c: [], d: {}, e: {} }, old), ["a", "b", "c", "d", "e"]);
  });

  it("leaves out what Pulumi adds to a provider, unless the program sets it", () => {
    const old = { version: "5.2.0", __internal: {} };
    assert.deepEqual(changed({}, old, "pulumi:providers:docker"), []);
    assert.deepEqual(changed({ version: "5.3.0" }, old, "pulumi:providers:docker"), ["version"]);
    assert.deepEqual(changed({}, { version: "5.2.0" }), ["version"]);
  });
});
