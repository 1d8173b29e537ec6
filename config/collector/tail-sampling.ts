/*
 * Which traces are stored, if not all of them are: decided for a whole trace, some seconds after its first span came. What is
 * made of spans (derived-metrics.ts) is made of all of them, before.
 * Source of each key: github.com/open-telemetry/opentelemetry-collector-contrib/tree/v0.158.0/processor/tailsamplingprocessor.
 */
import type { z } from "zod";
import { byServiceName, group, number, wholeNumber } from "../fields.ts";
import { stackNamespace } from "../names.ts";

/**
 * Longest wait for the rest of a trace. A Collector that is told to end may first have to wait until there is room for the
 * traces that it has taken, which is after one such wait, and has as long to end (config/parts/otel-collector.ts).
 */
const longestWaitSeconds = 20;

const fields = {
  keepPercent: number(0, 100, "set for example 10"),
  slowerThanMillis: wholeNumber({
    least: 0,
    most: 3_600_000,
    unit: "milliseconds",
    because: "0 for no such rule, an hour at most",
    change: "set for example 1000",
  }),
} as const;

/** Which traces are stored. There is no default for the share: nobody loses traces by a group that is empty. */
export const tailSamplingSchema = group({
  keepPercent: fields.keepPercent,
  slowerThanMillis: fields.slowerThanMillis.default(1000),
  decisionWaitSeconds: wholeNumber({
    least: 1,
    most: longestWaitSeconds,
    unit: "seconds",
    because: "what waits is in memory only, and has to be decided when the Collector is told to end",
    change: "set for example 10",
  }).default(10),
  services: byServiceName(
    group({ keepPercent: fields.keepPercent.optional(), slowerThanMillis: fields.slowerThanMillis.optional() }),
    "what is kept",
    "let more of them have what is kept of all",
  ).default({}),
});

/** {@link tailSamplingSchema} after validation. */
export type TailSampling = z.output<typeof tailSamplingSchema>;

/**
 * The entry of `tracestate` (www.w3.org/TR/trace-context/#tracestate-header) with which a request asks that its trace is kept:
 * those of `verify` and of the canary have it, and anybody's may. SDKs hand it on to each span and to the next service. No
 * service has it by accident: the key is that of a vendor, which this stack is here.
 */
export const keptTrace = { key: "observability", value: "keep" } as const;

/** Names of what stands between a trace's spans and its store, and of the limit of memory in front of it. */
export const sampled = {
  limiter: `memory_limiter/${stackNamespace}`,
  connector: `forward/${stackNamespace}`,
  processor: `tail_sampling/${stackNamespace}`,
  pipeline: `traces/${stackNamespace}`,
} as const;

/**
 * Names of the rules as the metrics of the processor have them. The last one is asked about traces that no other one keeps, so
 * those that it does not keep are all that are not kept.
 */
export const samplingRules = { asked: "kept on request", errors: "errors", slow: "slow", share: "share" } as const;

/** The label `policy` of a rule's metrics. */
export function policyLabel(rule: string): string {
  return `${stackNamespace}.${rule}`;
}

/**
 * Most traces that wait at once for each MiB of the Collector's memory limit. More hold back who sends them, as a full queue
 * does. Traces of more than some 10 KiB fill the memory first: see {@link samplingProcessors}.
 */
const tracesPerMib = 16;

/** Most traces that wait for their decision at once. @param memoryMib the Collector's memory limit */
export function mostWaitingTraces(memoryMib: number): number {
  return memoryMib * tracesPerMib;
}

/** Decisions that are remembered for each that may wait: what comes of a trace after its decision follows that. */
const decisionsPerTrace = 10;

type Rule = Readonly<Record<string, unknown>> & { readonly name: string; readonly type: string };

/**
 * The processors by their names in the Collector's configuration. Spans are refused once half of its memory is in use, before
 * anything is made of them, so that traces which wait, however large, leave room for logs and metrics: these are refused at
 * two thirds. It looks often, since a second of large traces fills what is left.
 */
export function samplingProcessors(sampling: TailSampling, memoryMib: number): Readonly<Record<string, object>> {
  const traces = mostWaitingTraces(memoryMib);
  const decisions = traces * decisionsPerTrace;
  const [refusedAboveMib, spikeMib] = [Math.floor(memoryMib * 0.5), Math.floor(memoryMib * 0.1)];
  return {
    [sampled.limiter]: {
      check_interval: "100ms",
      limit_mib: refusedAboveMib + spikeMib,
      spike_limit_mib: spikeMib,
      min_gc_interval_when_soft_limited: "1s",
      min_gc_interval_when_hard_limited: "1s",
    },
    [sampled.processor]: {
      decision_wait: `${sampling.decisionWaitSeconds}s`,
      num_traces: traces,
      // Instead of throwing away the oldest ones undecided.
      block_on_overflow: true,
      decision_cache: { sampled_cache_size: decisions, non_sampled_cache_size: decisions },
      // So that each trace is counted by the one rule that has kept it.
      sample_on_first_match: true,
      policies: rulesOf(sampling),
    },
  };
}

/** The rules in their order: a trace is kept by the first one that it fulfils. */
function rulesOf(sampling: TailSampling): readonly Rule[] {
  const { asked, errors, slow, share } = samplingRules;
  const isSlower = (name: string, millis: number): Rule => ({
    name,
    type: "latency",
    latency: { threshold_ms: millis },
  });
  const isOfShare = (name: string, percent: number): Rule => ({
    name,
    type: "probabilistic",
    probabilistic: { sampling_percentage: percent },
  });
  return [
    { name: asked, type: "trace_state", trace_state: { key: keptTrace.key, values: [keptTrace.value] } },
    { name: errors, type: "status_code", status_code: { status_codes: ["ERROR"] } },
    ...bySetting(sampling, "slowerThanMillis", isSlower, slow, "ms"),
    ...(sampling.slowerThanMillis === 0
      ? []
      : [ofOthers(isSlower(slow, sampling.slowerThanMillis), differing(sampling, "slowerThanMillis"))]),
    ...bySetting(sampling, "keepPercent", isOfShare, share, "%"),
    ofOthers(isOfShare(share, sampling.keepPercent), differing(sampling, "keepPercent")),
  ];
}

type Setting = keyof typeof fields;

/** The services for which a setting is not what it is for all, each with its own. */
function differing(sampling: TailSampling, setting: Setting): readonly (readonly [service: string, own: number])[] {
  return Object.entries(sampling.services).flatMap(([service, { [setting]: own }]) =>
    own === undefined || own === sampling[setting] ? [] : [[service, own] as const],
  );
}

/** A rule for each value that services have of their own, and 0 keeps nothing: however many there are, as few as they are different. */
function bySetting(
  sampling: TailSampling,
  setting: Setting,
  rule: (name: string, value: number) => Rule,
  name: string,
  unit: string,
): readonly Rule[] {
  const own = differing(sampling, setting);
  const values = [...new Set(own.map(([, value]) => value))].filter((value) => value > 0).toSorted((a, b) => a - b);
  return values.map((value) => {
    const services = own.filter(([, each]) => each === value).map(([service]) => service);
    return both(`${name} ${value} ${unit}`, hasSpansOf(services), rule(name, value));
  });
}

/** A rule for traces in which none of some services took part. */
function ofOthers(rule: Rule, services: readonly (readonly [service: string, own: number])[]): Rule {
  if (services.length === 0) return rule;
  const others: Rule = {
    name: "others",
    type: "not",
    not: { not_sub_policy: hasSpansOf(services.map(([service]) => service)) },
  };
  return both(rule.name, others, rule);
}

function hasSpansOf(services: readonly string[]): Rule {
  return {
    name: "services",
    type: "string_attribute",
    string_attribute: { key: "service.name", values: services.toSorted() },
  };
}

function both(name: string, first: Rule, second: Rule): Rule {
  return { name, type: "and", and: { and_sub_policy: [first, second] } };
}
