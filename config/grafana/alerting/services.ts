import { derivedMetrics } from "../../collector/derived-metrics.ts";
import { stackNamespace } from "../../names.ts";
import { datasourceUid } from "../../parts/part.ts";
import { jaeger } from "../../parts/jaeger.ts";
import { loki } from "../../parts/loki.ts";
import { explorePath, dashboardPath } from "./links.ts";
import { labelInUrl, measured, type AlertRule, type RuleGroup } from "./rule.ts";
import type { Objective, Objectives } from "./settings.ts";
import type { Severity } from "./severities.ts";

/*
 * Whether services keep what they promise, by burn rates over two windows each (Google's SRE workbook, chapter 5,
 * "Multiwindow, Multi-Burn-Rate Alerts"): the long window says that it matters, the short one that it still goes on. What
 * counts is what spans say, which every service with traces has; of one without traces, its HTTP metrics.
 */

/** What tells a service. An alert of each of them is one of its own. */
const byService = "service_namespace, service_name, deployment_environment_name";

/** Requests in the long window of which a part says something: of three requests, one that fails is nothing to wake up for. */
const leastRequests = 10;

/** Two windows, and how many times faster than allowed requests fail in both of them. */
interface BurnRate {
  readonly long: string;
  readonly short: string;
  readonly factor: number;
}

/** In an hour 2 % of what may fail in a month, in six hours 5 %. */
const fast: readonly BurnRate[] = [
  { long: "1h", short: "5m", factor: 14.4 },
  { long: "6h", short: "30m", factor: 6 },
];

/** A tenth of what may fail in a month, in a day or in three. */
const slow: readonly BurnRate[] = [
  { long: "1d", short: "2h", factor: 3 },
  { long: "3d", short: "6h", factor: 1 },
];

const servers = 'span_kind="SPAN_KIND_SERVER"';
const serversAndConsumers = 'span_kind=~"SPAN_KIND_(SERVER|CONSUMER)"';
const httpDuration = "http_server_request_duration_seconds";

/** The part of a service's requests that was not good, in a window. @param which labels that choose services */
type BadPart = (which: string, window: string, least: number) => string;

function partOf(bad: string, all: string, window: string, least: number): string {
  const increase = (selector: string): string => `sum by (${byService}) (increase(${selector}[${window}]))`;
  const counted = least === 0 ? increase(all) : `(${increase(all)} >= ${least})`;
  return `(${increase(bad)} / ${counted})`;
}

const failed: BadPart = (which, window, least) => {
  const spans = `${derivedMetrics.calls}{${which},${serversAndConsumers}`;
  const http = `${httpDuration}_count{${which}`;
  return `(${partOf(`${spans},status_code="STATUS_CODE_ERROR"}`, `${spans}}`, window, least)} or ${partOf(`${http},http_response_status_code=~"5.."}`, `${http}}`, window, least)})`;
};

/** @param latencySeconds one of the bounds of the histograms */
function slowerThan(latencySeconds: number): BadPart {
  return (which, window, least) => {
    const parts = [`${derivedMetrics.duration}_@{${which},${servers}`, `${httpDuration}_@{${which}`].map((metric) => {
      const good = `${metric.replace("@", "bucket")},le="${latencySeconds}"}`;
      return `(1 - ${partOf(good, `${metric.replace("@", "count")}}`, window, least)})`;
    });
    return `(${parts.join(" or ")})`;
  };
}

/** Both windows of each rate are above what is allowed. */
function burns(bad: BadPart, which: string, rates: readonly BurnRate[], allowed: number): string {
  return rates
    .map(({ long, short, factor }) => {
      // Not 0.14400000000000002.
      const most = Number((factor * allowed).toPrecision(6));
      return `(${bad(which, long, leastRequests)} > ${most} and ${bad(which, short, 0)} > ${most})`;
    })
    .join("\nor ");
}

/** The users' services: nothing that the stack sends of itself. */
const ofServices = `service_namespace!="${stackNamespace}"`;

/** Services that promise the same, and the labels that choose them. */
interface Promised {
  readonly which: string;
  readonly objective: Objective;
}

/** The users' services by what they promise: those with something of their own, and all the others. */
export function promisedBy(
  { services, ...common }: Objectives,
  fields: readonly (keyof Objective)[],
): readonly Promised[] {
  const keyOf = (objective: Objective): string => fields.map((field) => objective[field]).join(" ");
  const groups = new Map<string, { objective: Objective; names: string[] }>();
  for (const [name, own] of Object.entries(services)) {
    const objective = {
      availabilityPercent: own.availabilityPercent ?? common.availabilityPercent,
      latencyPercent: own.latencyPercent ?? common.latencyPercent,
      latencySeconds: own.latencySeconds ?? common.latencySeconds,
      silenceMinutes: own.silenceMinutes ?? common.silenceMinutes,
    };
    const key = keyOf(objective);
    if (key === keyOf(common)) continue;
    const known = groups.get(key) ?? { objective, names: [] };
    known.names.push(name);
    groups.set(key, known);
  }
  const all = [...groups.values()];
  const different = all.flatMap(({ names }) => names);
  const others = different.length === 0 ? "" : `,service_name!~${oneOfNames(different)}`;
  return [
    { which: `${ofServices}${others}`, objective: common },
    ...all.map(({ names, objective }) => ({
      which: `${ofServices},service_name=~${oneOfNames(names)}`,
      objective,
    })),
  ];
}

/** An expression that matches these names and no others, in quotes, as PromQL reads both. */
function oneOfNames(names: readonly string[]): string {
  const literal = names.map((name) => name.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
  return JSON.stringify(literal.toSorted().join("|"));
}

function failureExpr(objectives: Objectives, rates: readonly BurnRate[]): string {
  return promisedBy(objectives, ["availabilityPercent"])
    .map(({ which, objective }) => burns(failed, which, rates, 1 - objective.availabilityPercent / 100))
    .join("\nor ");
}

function latencyExpr(objectives: Objectives, rates: readonly BurnRate[]): string {
  const promised = promisedBy(objectives, ["latencyPercent", "latencySeconds"]).filter(
    ({ objective }) => objective.latencySeconds > 0,
  );
  // Nobody promises anything: no service has no name.
  if (promised.length === 0) return `${derivedMetrics.duration}_count{service_name=""}`;
  return promised
    .map(({ which, objective }) =>
      burns(slowerThan(objective.latencySeconds), which, rates, 1 - objective.latencyPercent / 100),
    )
    .join("\nor ");
}

/**
 * Services that sent spans or log records in four quarters of the last six hours, so no job that runs now and then, and
 * now nothing at all. Not while the Collector is away: then all of them would be silent, and another rule says why.
 */
function silenceExpr(objectives: Objectives): string {
  const promised = promisedBy(objectives, ["silenceMinutes"]).filter(({ objective }) => objective.silenceMinutes > 0);
  if (promised.length === 0) return `${derivedMetrics.calls}{service_name=""}`;
  return promised
    .map(({ which, objective }) => {
      const window = `${objective.silenceMinutes}m`;
      const derived = (range: string): string =>
        `sum by (${byService}) (increase(${derivedMetrics.calls}{${which}}[${range}]) or increase(${derivedMetrics.logRecords}{${which}}[${range}])) > 0`;
      // What the Collector makes of spans goes on for an hour after the last one.
      const own = `count by (${byService}) (last_over_time({service_name!="",${which},__name__!~"traces_.+|${derivedMetrics.logRecords}"}[${window}]))`;
      return `((count_over_time((${derived("15m")})[6h:15m]) >= 4) unless (${derived(window)}) unless ${own} and on () count(last_over_time(otelcol_process_uptime_seconds_total[5m])))`;
    })
    .join("\nor ");
}

const who = "{{ .Labels.service_name }}{{ with .Labels.deployment_environment_name }} ({{ . }}){{ end }}";
const percent = measured("humanizePercentage");

const serviceName = labelInUrl("service_name");

const links = {
  dashboard: dashboardPath("service", { namespace: labelInUrl("service_namespace"), service: serviceName }),
  logs: explorePath(datasourceUid(loki), { expr: '{service_name="@"}' }, serviceName),
};

const tracesOf = (further: object): string =>
  explorePath(datasourceUid(jaeger), { queryType: "search", service: "@", ...further }, serviceName);

/** What the two rules of one kind have in common: how fast it goes, and so how bad it is. */
const speeds = [
  { suffix: "fast", severity: "critical", rates: fast, forMinutes: 2, lately: "right now", month: "in hours" },
  {
    suffix: "slow",
    severity: "warning",
    rates: slow,
    forMinutes: 15,
    lately: "for hours or days",
    month: "before its end",
  },
] as const satisfies readonly { severity: Severity; [more: string]: unknown }[];

function objectiveRules(objectives: Objectives, wanted: (typeof speeds)[number]): readonly AlertRule[] {
  const { suffix, severity, rates, forMinutes, lately, month } = wanted;
  const common = { severity, forMinutes, noData: "OK", notEvaluated: "OK" } as const;
  return [
    {
      ...common,
      name: `errors-${suffix}`,
      title: `Service fails (${suffix === "fast" ? "much" : "a little, for long"})`,
      expr: failureExpr(objectives, rates),
      summary: `${who} fails: ${percent} of its requests and messages, ${lately}`,
      description: `At this rate all that may fail in a month is used up ${month}. Look at the dashboard for when it began, and at the failed traces for what they have in common: one route, one dependency, one version.`,
      links: { ...links, traces: tracesOf({ tags: "error=true" }) },
    },
    {
      ...common,
      name: `latency-${suffix}`,
      title: `Service is slow (${suffix === "fast" ? "much" : "a little, for long"})`,
      expr: latencyExpr(objectives, rates),
      summary: `${who} is slow: ${percent} of its requests take longer than promised, ${lately}`,
      description: `At this rate all that may be slow in a month is used up ${month}. Look at the dashboard for when it began, and at the slowest traces for the span that takes the time.`,
      links: { ...links, traces: tracesOf({ minDuration: `${objectives.latencySeconds || 1}s` }) },
    },
  ];
}

/** The rules about the users' services, by what these promise. */
export function serviceGroups(objectives: Objectives): readonly RuleGroup[] {
  const [now, later] = speeds;
  const silence: AlertRule = {
    name: "silence",
    title: "Service is silent",
    severity: "warning",
    expr: silenceExpr(objectives),
    forMinutes: 0,
    noData: "OK",
    notEvaluated: "OK",
    summary: `Nothing arrives of ${who} any more, no log, no span, no metric`,
    description:
      "It sent for an hour or longer before. It may have stopped, lost its way to the Collector, or been removed on purpose: `npm run why -- {{ .Labels.service_name }}` tells which.",
    links,
  };
  return [
    { name: "services", intervalSeconds: 60, rules: objectiveRules(objectives, now) },
    // They look at days: once in five minutes is often enough, and cheap.
    { name: "services over days", intervalSeconds: 300, rules: [...objectiveRules(objectives, later), silence] },
  ];
}
