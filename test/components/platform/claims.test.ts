import assert from "node:assert/strict";
import { Claims } from "../../../components/platform/claims.ts";
import { plainWorkload } from "../../support/workloads.ts";

const store = { ...plainWorkload, name: "store", ports: [{ name: "http", port: 80, hostPort: 8000 }] };
const inside = { ...plainWorkload, ports: [{ name: "http", port: 80, hostPort: "internal" }] } as const;

describe("what workloads have taken", () => {
  it("is nothing at first, and nothing that was only asked about", () => {
    const claims = new Claims();
    assert.deepEqual(claims.conflicts(store, ["store"]), []);
    assert.deepEqual(claims.conflicts(store, ["store"]), []);
  });

  it("is each of its names, and each port on the user's machine", () => {
    const claims = new Claims();
    claims.take(store, ["store", "store-2"]);
    const other = { ...store, name: "other", ports: [...inside.ports, ...store.ports] };
    assert.deepEqual(claims.conflicts(other, ["store-3", "store-2"]), [
      { path: "name", text: 'must be unique in the stack, got "store-2"; rename one of the two' },
      { path: "ports.1.hostPort", text: "must differ from the ports of store, got 8000; change one of the two" },
    ]);
  });

  it("is no port that stays inside", () => {
    const claims = new Claims();
    claims.take({ ...inside, name: "one" }, ["one"]);
    assert.deepEqual(claims.conflicts({ ...inside, name: "two" }, ["two"]), []);
  });
});
