import { serviceNameOf, type Exported, type Metric } from "./otlp-json.ts";

/** The longest text that is kept of one attribute: a stack trace has dozens of lines of frameworks. */
const longestText = 400;

/** Metrics of the machine and not of the process, which Python's SDK sends with the names of its disks and networks. */
const ofTheMachine = /^system\./;

/**
 * What a service has sent since a moment, without what tells of the machine that it was recorded on.
 *
 * @param replaced what takes the place of names of the machine, and of its paths
 */
export function trimmed(
  exported: readonly Exported[],
  serviceName: string,
  sinceMillis: number,
  replaced: Readonly<Record<string, string>>,
): readonly Exported[] {
  const kept = exported.flatMap((one) => ofService(one, serviceName)).filter((one) => sentMillis(one) >= sinceMillis);
  return kept.map((one) => JSON.parse(JSON.stringify(one, scrub(replaced))) as Exported);
}

/** Each signal that a service has not sent, with its name. */
export function signalsMissing(exported: readonly Exported[], serviceName: string): readonly string[] {
  const sent = new Set(exported.flatMap((one) => ofService(one, serviceName)).flatMap((one) => Object.keys(one)));
  return ["resourceLogs", "resourceSpans", "resourceMetrics"]
    .filter((signal) => !sent.has(signal))
    .map((signal) => `${serviceName} ${signal}`);
}

function ofService({ resourceLogs, resourceSpans, resourceMetrics }: Exported, name: string): readonly Exported[] {
  const logs = resourceLogs?.filter((one) => serviceNameOf(one) === name) ?? [];
  const spans = resourceSpans?.filter((one) => serviceNameOf(one) === name) ?? [];
  const metrics = resourceMetrics?.filter((one) => serviceNameOf(one) === name) ?? [];
  return [
    ...(logs.length > 0 ? [{ resourceLogs: logs }] : []),
    ...(spans.length > 0 ? [{ resourceSpans: spans }] : []),
    ...(metrics.length > 0 ? [{ resourceMetrics: metrics.map(withoutMachine) }] : []),
  ];
}

type ResourceMetrics = NonNullable<Exported["resourceMetrics"]>[number];

function withoutMachine(one: ResourceMetrics): ResourceMetrics {
  const scopeMetrics = one.scopeMetrics.map((scope) => ({
    ...scope,
    metrics: scope.metrics.filter(({ name }: Metric) => !ofTheMachine.test(name)),
  }));
  return { ...one, scopeMetrics };
}

/** When something was sent at the earliest, in milliseconds since 1970: the latest time in it. */
export function sentMillis(exported: Exported): number {
  const times = [
    ...JSON.stringify(exported).matchAll(/"(?:timeUnixNano|observedTimeUnixNano|endTimeUnixNano)":"(\d+)"/g),
  ];
  return Math.max(...times.map(([, nanoseconds = "0"]) => Number(nanoseconds.slice(0, -6))));
}

function scrub(replaced: Readonly<Record<string, string>>): (key: string, value: unknown) => unknown {
  const found = new RegExp(
    `(?<!\\w)(?:${Object.keys(replaced)
      .map((name) => name.replaceAll(/[$^*+?.()|{}[\]\\]/g, "\\$&"))
      .join("|")})(?!\\w)`,
    "g",
  );
  return (_key, value) => {
    if (typeof value !== "string") return value;
    const neutral = value.replace(found, (name) => replaced[name] ?? name);
    return neutral.length > longestText ? `${neutral.slice(0, longestText)}…` : neutral;
  };
}
