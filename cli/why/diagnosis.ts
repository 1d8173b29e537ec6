import { signals, type Signal } from "../../config/parts/part.ts";
import { byWeight, type Finding } from "./environment.ts";
import type { Examined } from "./examine.ts";
import { sdkOf } from "./sdks.ts";
import { serviceNameOf, type ServiceProcess } from "./service-process.ts";
import { isNear, isPartOf, isUnknown, type Delivery, type Newest, type Rejection } from "./stores.ts";

/** Everything that is known of a service. */
export interface Facts {
  /** As the user has named it. */
  readonly asked: string;
  /** The `service.name` that the stores were asked for. */
  readonly serviceName: string;
  readonly nowMillis: number;
  readonly processes: readonly Examined[];
  readonly newest: Newest;
  /** Names that may be meant, with what the stores have of them. */
  readonly near: readonly (readonly [name: string, newest: Newest])[];
  readonly deliveries: readonly Delivery[];
  readonly rejections: readonly Rejection[];
  /** What could not be looked at, for the user to read. */
  readonly notSeen: readonly string[];
}

/** What is wrong, the most probable cause first. */
export interface Diagnosis {
  /** Whether every signal has arrived lately. */
  readonly arrives: boolean;
  /** The signals that have not. */
  readonly missing: readonly Signal[];
  readonly headline: string;
  readonly next: string;
  /** What else was found. */
  readonly others: readonly Finding[];
}

/** What counts as lately, in milliseconds: a service may have nothing to do for a while. */
export const recentMillis = 15 * 60_000;

/** The processes that may be meant by a name: those that have it, or else those that have a similar one. */
export function processesNamed(name: string, all: readonly ServiceProcess[]): readonly ServiceProcess[] {
  const wanted = name.toLowerCase();
  const own = all.filter(
    (process) => serviceNameOf(process) === name || process.aliases.some((alias) => isPartOf(wanted, alias)),
  );
  if (own.length > 0) return own;
  return all.filter((process) =>
    [...process.aliases, serviceNameOf(process) ?? ""].some((alias) => isNear(name, alias)),
  );
}

/** Finds the cause of what is missing. */
export function diagnose(facts: Facts): Diagnosis {
  const { newest, processes, serviceName, nowMillis } = facts;
  const since = sinceMillis(facts);
  const missing = signals.filter((signal) => (newest[signal] ?? 0) < since);
  const all = [
    ...processes.flatMap(({ process, findings }) => [
      ...stateFindings(process, processes),
      ...startFindings(process, nowMillis),
      ...findings,
    ]),
    ...nearFindings(facts, since),
    ...deliveryFindings(facts),
  ];
  const isRelevant = (one: Finding): boolean => one.signals.some((signal) => missing.includes(signal));
  const covered = (one: Finding): number => one.signals.filter((signal) => missing.includes(signal)).length;
  const relevant = all.filter(isRelevant).toSorted((a, b) => byWeight(a, b) || covered(b) - covered(a));
  // What may keep a signal from arriving does not, if that arrives.
  const irrelevant = all.filter((one) => !isRelevant(one) && one.weight === "breaks");
  if (missing.length === 0) {
    const named = serviceName === facts.asked ? "" : ` as ${serviceName}`;
    return { arrives: true, missing, headline: `everything arrives${named}`, next: "", others: irrelevant };
  }
  const [first, ...others] = relevant;
  if (first !== undefined) {
    const headline = `${first.weight === "may" ? "perhaps: " : ""}${first.cause}`;
    return { arrives: false, missing, headline, next: first.next, others: [...others, ...irrelevant] };
  }
  return { arrives: false, missing, ...withoutCause(facts, missing), others: irrelevant };
}

/** From when on a record counts: an older one was sent by a run before this one. */
function sinceMillis({ processes, nowMillis }: Facts): number {
  const starts = processes.flatMap(({ process }) => process.startedMillis ?? []);
  return Math.max(nowMillis - recentMillis, ...(starts.length === 0 ? [] : [Math.min(...starts)]));
}

function stateFindings(process: ServiceProcess, all: readonly Examined[]): readonly Finding[] {
  if (process.isRunning) return [];
  const weight = all.some((one) => one.process.isRunning) ? "may" : "breaks";
  const cause = `${process.name} does not run: ${process.state}`;
  return [{ weight, signals, isAboutTheWay: false, cause, next: "look at its last lines, then start it again" }];
}

/** How long metrics wait if nothing says so, in milliseconds, and how long it takes to find them. */
const metricInterval = { default: 60_000, toFind: 15_000 } as const;

function startFindings({ env, startedMillis, name }: ServiceProcess, nowMillis: number): readonly Finding[] {
  const interval = Number(env["OTEL_METRIC_EXPORT_INTERVAL"] ?? metricInterval.default);
  const age = nowMillis - (startedMillis ?? 0);
  if (!(age < interval + metricInterval.toFind)) return [];
  const cause = `${name} runs for ${Math.round(age / 1000)} s only, and sends metrics every ${interval / 1000} s`;
  return [{ weight: "may", signals: ["metrics"], isAboutTheWay: false, cause, next: "ask again a little later" }];
}

/** Another name under which telemetry arrives, where no process says that it has the one that was asked for. */
function nearFindings({ near, serviceName, processes }: Facts, since: number): readonly Finding[] {
  if (processes.some(({ process }) => serviceNameOf(process) === serviceName)) return [];
  return near.flatMap(([name, newest]) => {
    const arriving = signals.filter((signal) => (newest[signal] ?? 0) >= since);
    if (arriving.length === 0 || isUnknown(name)) return [];
    const cause = `${name} arrives, and ${serviceName} does not: the name may be another one`;
    return [{ weight: "renames", signals: arriving, isAboutTheWay: false, cause, next: `npm run why -- ${name}` }];
  });
}

/** How much may wait in a queue before it is worth a word, in bytes. */
const muchQueued = 4 * 1024 * 1024;

function deliveryFindings({ deliveries, rejections }: Facts): readonly Finding[] {
  const may = (found: readonly Signal[], cause: string, next: string): Finding => {
    return { weight: "may", signals: found, isAboutTheWay: false, cause, next };
  };
  return [
    ...deliveries.flatMap(({ signal, refused, failed, queued }) => [
      ...(refused > 0
        ? [
            may(
              [signal],
              `the Collector has refused ${refused} ${signal} in five minutes`,
              "look at the Collector's log and memory",
            ),
          ]
        : []),
      ...(failed > 0 || queued > muchQueued
        ? [
            may(
              [signal],
              `the Collector cannot hand on all ${signal}: ${failed} given up, ${Math.round(queued / 1024)} KiB wait`,
              "npm run verify",
            ),
          ]
        : []),
    ]),
    ...rejections.map(({ store, reason, count }) =>
      may(
        [store === "Loki" ? "logs" : "metrics"],
        `${store} has thrown away ${count} records: ${reason}`,
        "docs/operations has what each reason means",
      ),
    ),
  ];
}

/** What is said when nothing wrong was seen. */
function withoutCause(
  { processes, newest, asked }: Facts,
  missing: readonly Signal[],
): Pick<Diagnosis, "headline" | "next"> {
  if (processes.length === 0 && Object.keys(newest).length === 0) {
    return {
      headline: `no process of the name ${asked} is seen from here, and no store has anything of it`,
      next: "npm run why, which lists what arrives; a process that runs elsewhere is looked at where it runs",
    };
  }
  const language = processes[0]?.language;
  if (processes.length === 0) {
    return {
      headline: `no process of the name ${asked} is seen from here, and no ${missing.join(", ")} have come lately`,
      next: "look at the process where it runs: is it there, and has it something to send?",
    };
  }
  return {
    headline: `nothing wrong is seen from outside, and no ${missing.join(", ")} have come: the code of the service sends none, or has nothing to send`,
    next: `let it do something, then look at its own log, ${sdkOf(language).debug}`,
  };
}
