import type { PartReadiness } from "../../config/parts/part.ts";

/** What a process is asked. */
export type Question =
  | { readonly kind: "http"; readonly port: number; readonly path: string }
  /** Whether the port takes a connection. */
  | { readonly kind: "tcp"; readonly port: number }
  /** Inside the container; 0 is yes. */
  | { readonly kind: "command"; readonly command: readonly string[] };

/** How often a process is asked, and how many times it may fail to answer. */
export interface Patience {
  readonly initialDelaySeconds: number;
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
}

/** A question that is asked again and again. */
export interface Probe extends Patience {
  readonly ask: Question;
}

/** A command inside the container that is asked again and again. What fails in `initialDelaySeconds` does not count. */
export interface SelfCheck extends Patience {
  readonly command: readonly string[];
}

/** How a platform finds out how a process is; `"none"` for what is not asked. */
export interface Probes {
  /** Whether it can do its work: only then connections come. */
  readonly readiness: Probe | "none";
  /** Whether it has to be started anew. */
  readonly liveness: Probe | "none";
  /** Whether it has started: until then the other two wait. */
  readonly startup: Probe | "none";
  /** For platforms that show one state only, by asking from within. */
  readonly selfCheck: SelfCheck | "none";
  /**
   * Whether what depends on the process waits until {@link readiness} answers. A platform that asks over the network
   * always waits.
   */
  readonly gates: boolean;
}

/** A part's readiness, and how often a platform that asks over the network does. */
export interface Readiness extends PartReadiness<number> {
  readonly intervalSeconds: number;
}

/**
 * How often Docker asks a container that runs. Rarely: each time is a process in the container, whose processor time and
 * memory are the container's (75 ms and 15 MiB for Loki), and nothing waits for the answer. What waits for a start
 * asks by itself: {@link Probes.gates}, and `npm run up`. Docker 25 can ask more often during a start only
 * (`start_interval`), but on an older one the provider refuses that, and a preview does not know which one it will be.
 */
const selfCheckSeconds = 30;

/**
 * One address that is asked for everything. Traffic comes when the process answers. One that does not for five minutes is
 * started anew: much longer than a backend takes to replay what a crash left, and than a store that waits for another.
 */
export function probesOf({ port, httpPath, selfCheck, startPeriodSeconds, intervalSeconds, gates }: Readiness): Probes {
  const ask: Question = { kind: "http", port, path: httpPath };
  const often = { initialDelaySeconds: 0, periodSeconds: intervalSeconds, timeoutSeconds: 5, failureThreshold: 3 };
  const rarely = {
    initialDelaySeconds: startPeriodSeconds,
    periodSeconds: 30,
    timeoutSeconds: 10,
    failureThreshold: 10,
  };
  return {
    readiness: httpPath === "none" ? "none" : { ask, ...often },
    liveness: httpPath === "none" ? "none" : { ask, ...rarely },
    startup: "none",
    selfCheck:
      selfCheck === "none"
        ? "none"
        : { ...rarely, periodSeconds: selfCheckSeconds, failureThreshold: 3, command: selfCheck },
    gates,
  };
}
