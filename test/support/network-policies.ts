import { z } from "zod";
import { kubernetesTypes } from "./kubernetes-view.ts";
import type { RecordedResource } from "./record-resources.ts";

/*
 * What NetworkPolicies allow (kubernetes.io/docs/concepts/services-networking/network-policies): a pod that no policy
 * selects for a direction takes part in every connection, any other one in those that one of its policies has a rule
 * for, and a connection needs both of its ends. A field that is not understood here is an error, never overlooked.
 */

const labelSelector = z.strictObject({ matchLabels: z.record(z.string(), z.string()).optional() });
const peer = z.strictObject({ podSelector: labelSelector.optional(), namespaceSelector: labelSelector.optional() });
const port = z.strictObject({ port: z.number(), protocol: z.enum(["TCP", "UDP", "SCTP"]) });
const peers = z.array(peer).optional();
const ports = z.array(port).optional();

const policyInputs = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string() }),
  spec: z.strictObject({
    podSelector: labelSelector,
    policyTypes: z.array(z.enum(["Ingress", "Egress"])),
    ingress: z.array(z.strictObject({ from: peers, ports })).default([]),
    egress: z.array(z.strictObject({ to: peers, ports })).default([]),
  }),
});

type Selector = z.output<typeof labelSelector>;

/** A policy as the API server has it. */
export type Policy = Pick<z.output<typeof policyInputs>, "metadata" | "spec">;

/** One end of a connection that is a pod. */
export interface Pod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** One end of a connection: a pod, or what is none, a node or a machine beyond the cluster for instance. */
export type End = Pod | "no pod";

/** A port that a connection goes to. */
export interface Port {
  readonly port: number;
  readonly protocol: "TCP" | "UDP";
}

/** Every policy among the resources. */
export function policiesOf(resources: readonly RecordedResource[]): readonly Policy[] {
  return resources
    .filter(({ type }) => type === kubernetesTypes.networkPolicy)
    .map(({ inputs }) => policyInputs.parse(inputs));
}

/** A policy as a test writes it. */
export function policyOf(namespace: string, spec: unknown): Policy {
  return policyInputs.parse({ metadata: { name: "policy", namespace }, spec });
}

/** Whether the policies let a connection through. */
export function allows(policies: readonly Policy[], from: End, to: End, at: Port): boolean {
  const egress = rulesFor("Egress", from, policies)?.some(
    ({ rule, namespace }) => isPeer(rule.peers, to, namespace) && isPort(rule.ports, at),
  );
  const ingress = rulesFor("Ingress", to, policies)?.some(
    ({ rule, namespace }) => isPeer(rule.peers, from, namespace) && isPort(rule.ports, at),
  );
  return (egress ?? true) && (ingress ?? true);
}

interface Rule {
  readonly peers: z.output<typeof peers>;
  readonly ports: z.output<typeof ports>;
}

/** The rules of all policies that select an end for a direction; `undefined` if none does. */
function rulesFor(
  direction: "Ingress" | "Egress",
  end: End,
  policies: readonly Policy[],
): readonly { readonly rule: Rule; readonly namespace: string }[] | undefined {
  if (end === "no pod") return undefined;
  const selecting = policies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === end.namespace &&
      spec.policyTypes.includes(direction) &&
      selects(spec.podSelector, end.labels),
  );
  if (selecting.length === 0) return undefined;
  return selecting.flatMap(({ metadata: { namespace }, spec }) =>
    rulesOf(spec, direction).map((rule) => ({ rule, namespace })),
  );
}

function rulesOf({ ingress, egress }: Policy["spec"], direction: "Ingress" | "Egress"): readonly Rule[] {
  if (direction === "Ingress") return ingress.map(({ from, ports: some }) => ({ peers: from, ports: some }));
  return egress.map(({ to, ports: some }) => ({ peers: to, ports: some }));
}

/** No peers are everybody; a list that is empty counts as none, for ports as well. */
function isPeer(wanted: Rule["peers"] = [], end: End, policyNamespace: string): boolean {
  if (wanted.length === 0) return true;
  if (end === "no pod") return false;
  return wanted.some(({ podSelector, namespaceSelector }) => {
    const isInNamespace =
      namespaceSelector === undefined
        ? end.namespace === policyNamespace
        : selects(namespaceSelector, namespaceLabels(end.namespace));
    return isInNamespace && selects(podSelector ?? {}, end.labels);
  });
}

function isPort(wanted: Rule["ports"] = [], at: Port): boolean {
  return (
    wanted.length === 0 || wanted.some(({ port: number, protocol }) => number === at.port && protocol === at.protocol)
  );
}

/** An empty selector selects everything. */
function selects({ matchLabels = {} }: Selector, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
}

/** What the API server puts on every namespace. */
function namespaceLabels(namespace: string): Readonly<Record<string, string>> {
  return { "kubernetes.io/metadata.name": namespace };
}
