import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "yaml";
import { z } from "zod";
import { otelCollectorConfig, otelCollectorDocument } from "../../../config/collector/document.ts";
import {
  keptTrace,
  mostWaitingTraces,
  policyLabel,
  sampled,
  samplingProcessors,
  samplingRules,
  tailSamplingSchema,
  type TailSampling,
} from "../../../config/collector/tail-sampling.ts";
import { parts } from "../../../config/parts/parts.ts";
import { anyTailSampling, delivery, settings } from "../../support/settings.ts";

const memoryMib = 256;
const base = { memoryMib, queueMib: 512, readsHost: false, enrichment: {}, ...delivery };

/** A rule, as far as this stack uses what there is of it. */
interface Policy {
  readonly name: string;
  readonly trace_state?: { readonly key: string; readonly values: readonly string[] } | undefined;
  readonly status_code?: { readonly status_codes: readonly string[] } | undefined;
  readonly latency?: { readonly threshold_ms: number } | undefined;
  readonly probabilistic?: { readonly sampling_percentage: number } | undefined;
  readonly string_attribute?: { readonly key: string; readonly values: readonly string[] } | undefined;
  readonly not?: { readonly not_sub_policy: Policy } | undefined;
  readonly and?: { readonly and_sub_policy: readonly Policy[] } | undefined;
}

const policy: z.ZodType<Policy> = z.lazy(() =>
  z
    .strictObject({
      name: z.string().min(1),
      type: z.string(),
      trace_state: z.strictObject({ key: z.string(), values: z.array(z.string()) }).optional(),
      status_code: z.strictObject({ status_codes: z.array(z.enum(["ERROR"])) }).optional(),
      latency: z.strictObject({ threshold_ms: z.int().min(1) }).optional(),
      probabilistic: z.strictObject({ sampling_percentage: z.number() }).optional(),
      string_attribute: z.strictObject({ key: z.string(), values: z.array(z.string()).min(1) }).optional(),
      not: z.strictObject({ not_sub_policy: policy }).optional(),
      and: z.strictObject({ and_sub_policy: z.array(policy) }).optional(),
    })
    // The Collector takes the part that the type names, and none of the others.
    .refine((read) => JSON.stringify(Object.keys(read)) === JSON.stringify(["name", "type", read.type]), "is mixed"),
);
const sampler = z.object({ decision_wait: z.string(), policies: z.array(policy) });
const document = z.object({ processors: z.object({ [sampled.processor]: sampler }) });

function policiesOf(sampling: TailSampling): readonly Policy[] {
  return sampler.parse(samplingProcessors(sampling, memoryMib)[sampled.processor]).policies;
}

interface Trace {
  readonly services: readonly string[];
  readonly millis: number;
  readonly hasError: boolean;
  readonly isAsked: boolean;
  /** Where its id falls, from 0 to 100: those below a percentage are its share. */
  readonly draw: number;
}

/** Whether a trace fulfils a rule, as the processor's own source has it (internal/sampling). */
function fulfils(trace: Trace, rule: Policy): boolean {
  const { trace_state: state, status_code: status, latency, probabilistic, string_attribute: attribute } = rule;
  if (state !== undefined) {
    const { key, values } = state;
    return trace.isAsked && key === keptTrace.key && values.includes(keptTrace.value);
  }
  if (status !== undefined) return trace.hasError && status.status_codes.includes("ERROR");
  if (latency !== undefined) return trace.millis > latency.threshold_ms;
  if (probabilistic !== undefined) return trace.draw < probabilistic.sampling_percentage;
  if (attribute !== undefined) {
    return attribute.key === "service.name" && trace.services.some((name) => attribute.values.includes(name));
  }
  if (rule.not !== undefined) return !fulfils(trace, rule.not.not_sub_policy);
  return rule.and?.and_sub_policy.every((each) => fulfils(trace, each)) ?? assert.fail(rule.name);
}

/** Whether a trace is to be kept, as the guide says it. */
function isWanted({ services, millis, hasError, isAsked, draw }: Trace, sampling: TailSampling): boolean {
  /** What counts for a trace: of the services in it that have their own, else what is for all. */
  const counting = (setting: "keepPercent" | "slowerThanMillis"): readonly number[] => {
    const own = services.flatMap((name) => {
      const value = Object.hasOwn(sampling.services, name) ? sampling.services[name]?.[setting] : undefined;
      return value === undefined || value === sampling[setting] ? [] : [value];
    });
    return own.length > 0 ? own : [sampling[setting]];
  };
  const isSlow = counting("slowerThanMillis").some((least) => least > 0 && millis > least);
  const isOfShare = counting("keepPercent").some((percent) => draw < percent);
  return isAsked || hasError || isSlow || isOfShare;
}

/** Or nearly all traces would be kept by one rule. */
const rarely = fc.integer({ min: 0, max: 9 }).map((drawn) => drawn === 0);

const anyTrace = (sampling: TailSampling): fc.Arbitrary<Trace> =>
  fc.record({
    services: fc.uniqueArray(fc.constantFrom("other", "another", ...Object.keys(sampling.services)), { minLength: 1 }),
    millis: fc.oneof(
      fc.integer({ min: 0, max: 600 }),
      ...[sampling, ...Object.values(sampling.services)].flatMap(({ slowerThanMillis: edge }) =>
        edge === undefined ? [] : [fc.constantFrom(edge, edge + 1)],
      ),
    ),
    hasError: rarely,
    isAsked: rarely,
    draw: fc.double({ min: 0, max: 100, maxExcluded: true, noNaN: true }),
  });

describe("tail sampling", () => {
  it("is off, and nothing of it is there, unless it is set", () => {
    assert.equal(settings().otelCollector.tailSampling, undefined);
    assert.doesNotMatch(otelCollectorConfig(base), /sampling|forward|memory_limiter\/|traces\/stack/);
  });

  it("has no default for the share, since an empty group would lose traces; everything else has one", () => {
    const told = (input: object): string => {
      try {
        settings({ otelCollector: { tailSampling: input as never } });
        return "";
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    };
    const linesOf = (input: object): readonly string[] => told(input).split("\n  otelCollector.tailSampling.").slice(1);
    assert.deepEqual(linesOf({}), ["keepPercent: must be a number from 0 to 100, got nothing; set for example 10"]);
    const wrong = {
      keepPercent: 101,
      slowerThanMillis: -1,
      decisionWaitSeconds: 0,
      services: { a$b: {}, c: { x: 1 } },
    };
    assert.deepEqual(linesOf(wrong), [
      "keepPercent: must be a number from 0 to 100, got 101; set for example 10",
      "slowerThanMillis: must be a whole number of milliseconds from 0 to 3600000 (0 for no such rule, an hour at most), got -1; set for example 1000",
      "decisionWaitSeconds: must be a whole number of seconds from 1 to 20 (what waits is in memory only, and has to be decided when the Collector is told to end), got 0; set for example 10",
      'services."a$b": must be a service.name of 1 to 200 characters, without blanks and $, got "a$b"; write the name as it stands in Grafana',
      "services.c.x: is no setting, got a value that is not shown; remove it, or use one of keepPercent, slowerThanMillis",
    ]);
    assert.deepEqual(tailSamplingSchema.parse({ keepPercent: 10 }), {
      ...{ keepPercent: 10, slowerThanMillis: 1000, decisionWaitSeconds: 10, services: {} },
    });
  });

  it("is set as the guide shows it", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/operations/traces.md"), "utf8");
    const [, example = ""] = /```yaml\n(config:\n[^`]+tailSampling:[^`]+)```/.exec(page) ?? [];
    const shape = z.strictObject({
      config: z.strictObject({ "observability:otelCollector": z.strictObject({ tailSampling: tailSamplingSchema }) }),
    });
    const { tailSampling } = shape.parse(parse(example)).config["observability:otelCollector"];
    assert.deepEqual(settings({ otelCollector: { tailSampling } }).otelCollector.tailSampling, tailSampling);
    const { keepPercent, services, ...others } = tailSampling;
    assert.deepEqual(
      { ...tailSamplingSchema.parse({ keepPercent }), services },
      tailSampling,
      "others are no defaults",
    );
    assert.deepEqual(Object.keys(others), ["slowerThanMillis", "decisionWaitSeconds"]);
    assert.ok(page.includes(`tracestate: ${keptTrace.key}=${keptTrace.value}`));
  });

  it("stands between what metrics are made of, which are all spans, and their store", () => {
    const tailSampling = tailSamplingSchema.parse({ keepPercent: 10 });
    const onCluster = { ...base, enrichment: { k8s_attributes: {} } };
    const [off, on] = [otelCollectorDocument(onCluster), otelCollectorDocument({ ...onCluster, tailSampling })].map(
      (each) => {
        const shape = z.object({
          connectors: z.record(z.string(), z.unknown()),
          service: z.object({ pipelines: z.record(z.string(), z.record(z.string(), z.array(z.string()))) }),
        });
        return shape.parse(each);
      },
    );
    assert.ok(off && on);
    const stores = delivery.exporters.filter(({ signal }) => signal === "traces").map(({ name }) => name);
    const { "traces/grouped": _, ...others } = off.service.pipelines;
    assert.deepEqual(on.service.pipelines, {
      ...others,
      traces: {
        receivers: ["otlp"],
        processors: [
          ...["memory_limiter", "memory_limiter/stack", "k8s_attributes", "resource"],
          ...["transform/instance", "transform/links", "transform/sizes"],
        ],
        exporters: ["forward/stack", "span_metrics", "service_graph"],
      },
      "traces/stack": { receivers: ["forward/stack"], processors: ["tail_sampling/stack"], exporters: stores },
    });
    assert.deepEqual(on.connectors, { ...off.connectors, "forward/stack": {} });
  });

  it("holds back senders of traces before it runs out of room, and refuses these before logs and metrics", () => {
    const processors = samplingProcessors(tailSamplingSchema.parse({ keepPercent: 10 }), memoryMib);
    const { policies: _, ...bounds } = processors[sampled.processor] as { readonly policies: unknown };
    assert.deepEqual(bounds, {
      decision_wait: "10s",
      num_traces: 4096,
      block_on_overflow: true,
      decision_cache: { sampled_cache_size: 40_960, non_sampled_cache_size: 40_960 },
      sample_on_first_match: true,
    });
    assert.equal(mostWaitingTraces(memoryMib), 4096);
    const limits = z.object({ limit_mib: z.int(), spike_limit_mib: z.int().min(1), check_interval: z.string() });
    const least = parts.otelCollector.memoryMib.minimum;
    fc.assert(
      fc.property(anyTailSampling, fc.integer({ min: least, max: 1024 ** 2 }), (tailSampling, limitMib) => {
        const all = otelCollectorDocument({ ...base, memoryMib: limitMib, tailSampling });
        const { memory_limiter: ofAll, [sampled.limiter]: ofTraces } = z
          .looseObject({ memory_limiter: limits, [sampled.limiter]: limits })
          .parse(all["processors"]);
        const refusedAbove = (limiter: z.output<typeof limits>): number => limiter.limit_mib - limiter.spike_limit_mib;
        assert.equal(refusedAbove(ofTraces), Math.floor(limitMib / 2));
        assert.ok(refusedAbove(ofTraces) < refusedAbove(ofAll));
      }),
    );
  });

  it("keeps traces with an error, slow ones, a share of the rest, and what it is asked to, for each service as it is set", () => {
    let kept = 0;
    let dropped = 0;
    fc.assert(
      fc.property(
        anyTailSampling.chain((sampling) => fc.tuple(fc.constant(sampling), anyTrace(sampling))),
        ([sampling, trace]) => {
          const fulfilled = policiesOf(sampling).filter((rule) => fulfils(trace, rule));
          assert.equal(fulfilled.length > 0, isWanted(trace, sampling), JSON.stringify(fulfilled));
          if (fulfilled.length > 0) kept += 1;
          else dropped += 1;
        },
      ),
      { numRuns: 2000 },
    );
    assert.ok(kept > 200 && dropped > 200, `${kept} kept, ${dropped} dropped`);
  });

  it("asks the share last, so that what it does not keep is all that is not kept; and names no rule twice", () => {
    fc.assert(
      fc.property(anyTailSampling, (sampling) => {
        const names = policiesOf(sampling).map(({ name }) => name);
        assert.equal(names.at(-1), samplingRules.share);
        assert.equal(new Set(names).size, names.length, names.join());
      }),
    );
    assert.equal(policyLabel(samplingRules.share), "stack.share");
  });

  it("has a rule for each different value, and not for each service", () => {
    const services = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`service-${index}`, { keepPercent: index % 2 === 0 ? 50 : 0 }]),
    );
    const names = policiesOf(tailSamplingSchema.parse({ keepPercent: 10, services })).map(({ name }) => name);
    assert.deepEqual(names, ["kept on request", "errors", "slow", "share 50 %", "share"]);
  });

  it("writes names of services as text, whatever another program's YAML takes them for", () => {
    const hostile = [
      "012",
      "0x1f",
      "1_0",
      "2024-01-01",
      "yes",
      "~",
      "null",
      ".inf",
      "1e3",
      "<<",
      "#a",
      "a:",
      "- a",
      "!!x",
    ];
    const named = fc.uniqueArray(fc.oneof(fc.constantFrom(...hostile), fc.stringMatching(/^[^$\s]{1,20}$/)), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(named, (all) => {
        const names = all.filter((name) => !/\s/.test(name));
        fc.pre(names.length > 0);
        const input = {
          keepPercent: 10,
          services: Object.fromEntries(names.map((name) => [name, { keepPercent: 50 }])),
        };
        const read = tailSamplingSchema.safeParse(input);
        fc.pre(read.success);
        const text = otelCollectorConfig({ ...base, tailSampling: read.data });
        const expected = names.toSorted();
        const written = document.parse(parse(text)).processors[sampled.processor];
        const values = written.policies.flatMap(({ and }) =>
          (and?.and_sub_policy ?? []).flatMap(({ string_attribute: own }) => (own === undefined ? [] : [own.values])),
        );
        assert.deepEqual(values, [expected]);
        // In double quotes nothing but text begins, and a list has one line for each.
        const quoted = text.split("\n").filter((line) => /^ +- "/.test(line));
        assert.equal(quoted.length >= 2 * expected.length, true, text);
      }),
    );
  });
});
