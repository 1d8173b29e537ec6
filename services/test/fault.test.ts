import assert from "node:assert/strict";
import fc from "fast-check";
import { createFaultDeck, parseSimulate, simulateWork, type Fault, type Random } from "../shared/fault.ts";

describe("simulated faults", () => {
  it("come in exact proportions in every 200 executions, whatever the order", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const draw = createFaultDeck(seededRandom(seed));
        for (let deck = 0; deck < 3; deck += 1) {
          const counts: Record<string, number> = {};
          for (let card = 0; card < 200; card += 1) {
            const key = label(draw());
            counts[key] = (counts[key] ?? 0) + 1;
          }
          assert.deepEqual(counts, {
            none: 187,
            "error:backend": 5,
            "error:k8s-worker": 1,
            "error:pod-monitor": 1,
            "error:result-processor": 1,
            "slow:backend": 3,
            "slow:k8s-worker": 1,
            "slow:pod-monitor": 1,
          });
        }
      }),
      { numRuns: 20 },
    );
  });

  it("come in an order that depends on the random source", () => {
    const order = (seed: number): string[] => {
      const draw = createFaultDeck(seededRandom(seed));
      return Array.from({ length: 200 }, () => label(draw()));
    };
    assert.deepEqual(order(1), order(1));
    assert.notDeepEqual(order(1), order(2));
  });

  it("are read from the simulate field", () => {
    const drawn: Fault = { kind: "slow", at: "backend" };
    const read = (simulate: unknown) => parseSimulate(simulate, () => drawn);
    assert.equal(read(undefined), drawn);
    assert.equal(read("random"), drawn);
    assert.equal(read("none"), "none");
    assert.deepEqual(read("error"), { kind: "error", at: "k8s-worker" });
    assert.deepEqual(read("slow"), { kind: "slow", at: "k8s-worker" });
    assert.deepEqual(read("error:result-processor"), { kind: "error", at: "result-processor" });
    for (const wrong of [
      "",
      "errors",
      "error:",
      "error:nowhere",
      "slow:backend:twice",
      "error:constructor",
      null,
      1,
      {},
    ]) {
      assert.equal(read(wrong), undefined, JSON.stringify(wrong));
    }
  });

  it("strike in the named service only", async () => {
    const fault: Fault = { kind: "error", at: "pod-monitor" };
    await simulateWork(fault, "k8s-worker", 0);
    await assert.rejects(simulateWork(fault, "pod-monitor", 0), {
      name: "SimulatedError",
      message: "pod-monitor failed, as the submission's `simulate` asked",
    });
  });
});

function label(fault: Fault | "none"): string {
  return fault === "none" ? "none" : `${fault.kind}:${fault.at}`;
}

/** Mulberry32, a small generator whose whole state is its seed. */
function seededRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
  };
}
