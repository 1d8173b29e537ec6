import assert from "node:assert/strict";
import { Reservations, type ReservedName } from "../../../components/platform/reservations.ts";
import { plainWorkload } from "../../support/workloads.ts";

const store = { ...plainWorkload, name: "store", ports: [{ name: "http", port: 80, hostPort: 8000 }] };
const inside = { ...plainWorkload, ports: [{ name: "http", port: 80, hostPort: "internal" }] } as const;

function named(name: string, kind = "container"): ReservedName {
  return { kind, name };
}

describe("what workloads have taken", () => {
  it("is nothing at first, and nothing that was only asked about", () => {
    const claims = new Reservations();
    assert.deepEqual(claims.conflicts(store, [named("store")]), []);
    assert.deepEqual(claims.conflicts(store, [named("store")]), []);
  });

  it("is each of its names, and each port on the user's machine", () => {
    const claims = new Reservations();
    claims.take(store, [named("store"), named("store-2")]);
    const other = { ...store, name: "other", ports: [...inside.ports, ...store.ports] };
    assert.deepEqual(claims.conflicts(other, [named("store-3"), named("store-2")]), [
      { path: "name", rule: "must be unique in the stack", got: '"store-2"', change: "rename one of the two" },
      {
        path: "ports.1.hostPort",
        rule: "must differ from the ports of store",
        got: "8000",
        change: "change one of the two",
      },
    ]);
  });

  it("is no port that stays inside", () => {
    const claims = new Reservations();
    claims.take({ ...inside, name: "one" }, [named("one")]);
    assert.deepEqual(claims.conflicts({ ...inside, name: "two" }, [named("two")]), []);
  });

  it("is a name of one kind only", () => {
    const claims = new Reservations();
    claims.take(store, [named("store")]);
    assert.deepEqual(claims.conflicts(inside, [named("store", "volume")]), []);
  });

  it("is what the platform has itself, from the beginning", () => {
    const claims = new Reservations([named("localhost")]);
    assert.deepEqual(claims.conflicts(inside, [named("localhost")]), [
      { path: "name", rule: "must be unique in the stack", got: '"localhost"', change: "rename one of the two" },
    ]);
  });

  it("is nothing that one workload may need twice", () => {
    assert.deepEqual(new Reservations().conflicts(inside, [named("a"), named("b"), named("a")]), [
      { path: "name", rule: "must be unique in the stack", got: '"a"', change: "rename one of the two" },
    ]);
  });
});
