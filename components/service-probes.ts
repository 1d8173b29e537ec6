import type { CompleteServiceArgs } from "../config/service-args.ts";
import { probesOf, type Probe, type Probes, type Question } from "./platform/probes.ts";

/** Time in which a failed check of a service does not count, in seconds, unless it says how long its start may take. */
const startPeriodSeconds = 30;

/** How a platform finds out how a service is: by its one health check, or by what it says of each question. */
export function serviceProbes({ healthCheck, readiness, liveness, startup }: CompleteServiceArgs): Probes {
  if (healthCheck !== undefined) {
    const { port, path, command } = healthCheck;
    return probesOf({
      ...{ port, httpPath: path, selfCheck: command },
      ...{ intervalSeconds: 10, startPeriodSeconds, gates: false },
    });
  }
  return {
    readiness: probe(readiness),
    liveness: probe(liveness),
    startup: probe(startup),
    selfCheck:
      readiness?.command === undefined
        ? "none"
        : { ...patience(readiness), initialDelaySeconds: startSeconds(readiness, startup), command: readiness.command },
    gates: false,
  };
}

type GivenProbe = CompleteServiceArgs["readiness"];

function probe(given: GivenProbe): Probe | "none" {
  const ask = given === undefined ? undefined : question(given);
  return given === undefined || ask === undefined ? "none" : { ask, ...patience(given) };
}

/** What is asked over the network if there is that, since it needs no process in the container. */
function question({ http, tcp, command }: NonNullable<GivenProbe>): Question | undefined {
  if (http !== undefined) return { kind: "http", ...http };
  if (tcp !== undefined) return { kind: "tcp", port: tcp };
  return command === undefined ? undefined : { kind: "command", command };
}

function patience({
  initialDelaySeconds,
  periodSeconds,
  timeoutSeconds,
  failureThreshold,
}: NonNullable<GivenProbe>): Omit<Probe, "ask"> {
  return { initialDelaySeconds, periodSeconds, timeoutSeconds, failureThreshold };
}

/** How long a start may take: all that the startup probe allows, for a platform that has none. */
function startSeconds({ initialDelaySeconds }: NonNullable<GivenProbe>, startup: GivenProbe): number {
  if (startup === undefined) return Math.max(initialDelaySeconds, startPeriodSeconds);
  return startup.initialDelaySeconds + startup.periodSeconds * startup.failureThreshold;
}
