import assert from "node:assert/strict";
import { keptData, parts } from "../../../config/parts/parts.ts";
import { checkThere, checkUp, leftOut, secretChecksums, storesOf } from "../../../cli/backup/stores.ts";
import { defaultImages } from "../../../config/resolve-images.ts";
import { UserError } from "../../../cli/user-error.ts";

const instances = Object.values(parts).map(({ host }) => ({ name: `shop-${host}`, urn: "", replicas: 1 }));
const stores = storesOf({ instances }, { images: defaultImages });
const observed = (state: string) => ({
  startMillis: 10,
  instanceStates: () => Promise.resolve(new Map(stores.map(({ instance }) => [instance.name, state]))),
});

describe("the stores of a stack", () => {
  it("are the parts that keep something, but for what the parts leave out with a reason", () => {
    const all = [...stores.map(({ part }) => part.title), ...leftOut.map(({ title }) => title)];
    assert.deepEqual(all.sort(), keptData.map(([name]) => parts[name].title).sort());
    assert.deepEqual(
      leftOut.map(({ title }) => title),
      ["the Collector"],
    );
  });

  it("are only those that run", () => {
    const some = storesOf(
      { instances: [{ name: "statefulset/loki", urn: "", replicas: 1 }] },
      { images: defaultImages },
    );
    assert.deepEqual(
      some.map(({ name, image }) => [name, image]),
      [["loki", defaultImages.loki]],
    );
  });

  it("must be up for a backup, and there for a restore (OBS1501)", async () => {
    const fails = (message: RegExp) => (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual(error.errorCodes, ["OBS1501"]);
      assert.match(error.message, message);
      return true;
    };
    await checkUp(stores, observed("healthy"));
    await assert.rejects(
      checkUp(stores, observed("exited")),
      fails(/^every store must be up, got: shop-loki is exited, /),
    );
    await checkThere(stores, observed("exited"));
    await assert.rejects(
      checkThere(stores, observed("missing")),
      fails(/^every store must be there, got: shop-loki is missing, /),
    );
    const none = { startMillis: 10, instanceStates: () => Promise.resolve(new Map<string, string>()) };
    await assert.rejects(checkUp([], none), fails(/got: a stack without stores\n/));
  });

  it("have a checksum of each secret that their data needs, and none of others", () => {
    const secret = (name: string, plaintext: string): object => ({
      type: "random:index/randomPassword:RandomPassword",
      urn: `urn:pulumi:dev::observability::random:index/randomPassword:RandomPassword::observability-${name}`,
      outputs: { result: { plaintext } },
    });
    const state = [secret("grafana-secret-key", "a"), secret("victoria-metrics-admin-key", "b")] as never;
    const found = stores.map((store) => [store.name, secretChecksums(store, state)]);
    assert.deepEqual(Object.fromEntries(found), {
      ...Object.fromEntries(stores.map(({ name }) => [name, {}])),
      grafana: { "secret-key": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" },
    });
  });
});
