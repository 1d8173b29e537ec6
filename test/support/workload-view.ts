import assert from "node:assert/strict";
import { dirname } from "node:path/posix";
import * as pulumi from "@pulumi/pulumi";
import type { KnownWorkload, Workload } from "../../components/platform/workload.ts";
import { filledIn, type InstanceFact } from "../../config/env-value.ts";
import { dashed } from "../../config/names.ts";
import { portsOnMachine } from "../../components/platform/workload.ts";
import { secretText } from "./workloads.ts";

/**
 * What the resources of a workload say about each of its fields. No field can be left out: a new one does not compile
 * until every platform's view shows it.
 */
export type WorkloadView = Readonly<Record<keyof KnownWorkload | "host", unknown>>;

/** How a platform asks a process whether it is ready; it shows this half of {@link KnownWorkload.probes}. */
export type Asking = "from within" | "over the network";

/** What a platform has to make of a workload, the same for every platform. */
export function expectedView(workload: KnownWorkload, asking: Asking): WorkloadView {
  return {
    host: workload.name,
    name: workload.name,
    image: workload.image,
    args: workload.args,
    env: shownEnv(workload.env),
    configFiles: workload.configFiles.map((file) => ({ ...file, readOnly: true })),
    secretFiles: workload.secretFiles.map(({ path }) => ({ path, secret: secretText, readOnly: true })),
    // Which setting the user has to change is in no resource, but in the message.
    check: workload.check === "none" ? "none" : { args: workload.check.args, comesFirst: true },
    // A port that is not published needs no mention where every process has an address of its own.
    ports: workload.ports.flatMap((each) =>
      portsOnMachine(each).map(([, hostPort]) => ({ port: each.port, at: `127.0.0.1:${hostPort}` })),
    ),
    // On one machine a volume has what the disk has.
    dataVolumes: workload.dataVolumes.map(({ name, path, sizeMib }) => ({
      ...(asking === "over the network" ? { name: dashed(name), sizeMib } : { name }),
      path,
      keptOnDestroy: true,
    })),
    // Whoever changes one only has to find it: as a folder on one machine, by its name in a cluster.
    sharedFiles: workload.sharedFiles.map(({ name, path, content, access }) => ({
      name: asking === "over the network" ? dashed(name) : name,
      ...(access === "reads" ? { path, content, staysWithChanges: true } : {}),
      ...(access === "changes" && asking === "from within" ? { folder: dirname(path) } : {}),
      access,
    })),
    imageMounts: workload.imageMounts.map(({ image, from, path }) => ({ image, from, path, readOnly: true })),
    // Each as the process itself is: what a platform gave it otherwise shows as a difference.
    initSteps: workload.initSteps.map(({ name, image, args, env }) => ({
      name,
      image,
      args,
      env: shownEnv(env),
      asTheProcess: true,
    })),
    scratchPaths: workload.scratchPaths,
    probes: probesView(workload, asking),
    memoryMib: workload.memoryMib,
    memoryRequestMib: workload.memoryRequestMib === "all" ? workload.memoryMib : workload.memoryRequestMib,
    cpuRequestMillicores: workload.cpuRequestMillicores,
    cpuLimitMillicores: workload.cpuLimitMillicores,
    userId: workload.userId,
    groupId: workload.groupId,
    stopGraceSeconds: workload.stopGraceSeconds,
    replicas: workload.replicas,
    // What only one platform has, with the budget that several instances have anyway.
    kubernetes: asking === "over the network" ? onKubernetes(workload) : {},
    docker: asking === "from within" ? workload.docker : {},
    readsInstances: workload.readsInstances,
  };
}

function onKubernetes({ kubernetes, replicas }: KnownWorkload): unknown {
  const { ingress, disruptionBudget = replicas > 1 ? { maxUnavailable: 1 } : undefined, ...others } = kubernetes;
  // That there is no TLS follows from there being no secret for it.
  const { insecure: _, ...address } = ingress ?? { insecure: false };
  return {
    ...others,
    ...(ingress === undefined ? {} : { ingress: address }),
    ...(disruptionBudget === undefined ? {} : { disruptionBudget }),
  };
}

function probesView({ name, probes }: KnownWorkload, asking: Asking): unknown {
  const { readiness, liveness, startup, selfCheck, gates } = probes;
  if (asking === "over the network") return { readiness, liveness, startup };
  const waitedFor = gates && readiness !== "none" ? [readiness.ask] : [];
  return {
    selfCheck,
    waitedFor: waitedFor.map((ask) => (ask.kind === "http" ? `http://${name}:${ask.port}${ask.path}` : ask)),
  };
}

/** How views show what only the platform knows. */
export function shownFact(fact: InstanceFact["fill"]): string {
  return `<${fact}>`;
}

/** An environment as text. */
export function shownEnv(env: Workload["env"]): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, textOf(value)]));
}

function textOf(value: Workload["env"][string]): string {
  if (pulumi.Output.isInstance(value)) assert.fail("the value of a variable is not known");
  return filledIn(value, shownFact);
}

/** The environment of an instance with its own name shown as such. */
export function withoutInstanceName(
  env: Readonly<Record<string, string>>,
  instanceName: string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([key, value]) => [key, value.replaceAll(instanceName, shownFact("instance"))]),
  );
}

/** The value that all give, or all values if they differ, which then equals no single expected value. */
export function agreed(values: readonly unknown[]): unknown {
  const [first, ...others] = values;
  const same = others.every((other) => JSON.stringify(other) === JSON.stringify(first));
  return same ? first : { disagreeing: values };
}
