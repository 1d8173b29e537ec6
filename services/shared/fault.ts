import { setTimeout as sleep } from "node:timers/promises";
import { isServiceName, type ServiceName } from "./destinations.ts";

/** Something that goes wrong in one service while it works on an execution. */
export interface Fault {
  readonly kind: "error" | "slow";
  readonly at: ServiceName;
}

/** A source of numbers from 0 up to 1, such as `Math.random`. */
export type Random = () => number;

/** How often each fault is dealt out of every 200 executions: 4 % fail, 2.5 % take longer than a second. */
const faultsPer200: readonly (readonly [count: number, fault: Fault])[] = [
  [5, { kind: "error", at: "backend" }],
  [1, { kind: "error", at: "k8s-worker" }],
  [1, { kind: "error", at: "pod-monitor" }],
  [1, { kind: "error", at: "result-processor" }],
  [3, { kind: "slow", at: "backend" }],
  [1, { kind: "slow", at: "k8s-worker" }],
  [1, { kind: "slow", at: "pod-monitor" }],
];

/**
 * Deals faults like cards from a shuffled deck: the order is random, but the proportions hold in every 200 draws,
 * so a dashboard over a few minutes shows them too.
 */
export function createFaultDeck(random: Random = Math.random): () => Fault | "none" {
  let deck: (Fault | "none")[] = [];
  return () => {
    if (deck.length === 0) deck = shuffledDeck(random);
    return deck.pop() ?? "none";
  };
}

function shuffledDeck(random: Random): (Fault | "none")[] {
  const faults = faultsPer200.flatMap(([count, fault]) => Array.from({ length: count }, () => fault));
  const cards: (Fault | "none")[] = [...faults, ...Array.from({ length: 200 - faults.length }, () => "none" as const)];
  return cards
    .map((card) => ({ card, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ card }) => card);
}

/**
 * Reads the `simulate` field of a submission: `random` (from the deck), `none`, or `error` and `slow`, which happen in
 * k8s-worker unless a service is named (`error:backend`).
 *
 * @returns undefined when the text is none of these.
 */
export function parseSimulate(simulate: unknown, drawFault: () => Fault | "none"): Fault | "none" | undefined {
  if (simulate === undefined || simulate === "random") return drawFault();
  if (simulate === "none") return "none";
  const [kind, at = "k8s-worker", ...rest] = typeof simulate === "string" ? simulate.split(":") : [];
  if ((kind !== "error" && kind !== "slow") || !isServiceName(at) || rest.length > 0) return undefined;
  return { kind, at };
}

/** The failure that `simulate` asked for. */
class SimulatedError extends Error {
  override readonly name = "SimulatedError";
}

/**
 * Stands for the real work of a service: takes a while, and longer or not to the end when the execution's fault
 * strikes here.
 *
 * @param millis usual duration; the real one varies by half of it
 * @throws SimulatedError
 */
export async function simulateWork(fault: Fault | "none", at: ServiceName, millis: number): Promise<void> {
  const here = fault !== "none" && fault.at === at ? fault.kind : "none";
  await sleep(millis * (0.5 + Math.random()) + (here === "slow" ? 1_200 : 0));
  if (here === "error") throw new SimulatedError(`${at} failed, as the submission's \`simulate\` asked`);
}
