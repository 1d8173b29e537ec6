import type { z } from "zod";
import { choice, group, list, number, report, text, told, wholeNumber } from "../../fields.ts";
import { grafanaUid, orEmpty } from "../../rules.ts";
import { severities } from "./severities.ts";

/** Most rules of the user. */
const mostRules = 100;

/** What Grafana reads as a template of Go; a brace that has no partner would be shown to whoever gets the message. */
const template = {
  holds: (given: string) => /^([^{}]|\{(?!\{)|\}(?!\})|\{\{([^{}"]|"[^"]*")*\}\})*$/.test(given),
  rule: "must have a }} for each {{",
  change: "write for example {{ .Labels.service_name }}",
};

/** Grafana replaces variables of its own environment in some of its texts, and has no way to escape them in titles. */
const withoutDollar = {
  holds: (given: string) => !given.includes("$"),
  rule: "must be without $, which Grafana would replace",
  change: "write .Labels and .Values where you mean $labels and $values",
};

const threshold = number(-1e15, 1e15, "write a number").optional();

/** A rule of the user. */
const ownRule = group({
  name: text({
    pattern: /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/,
    rule: "must be at most 40 lower-case letters, digits and inner hyphens, a letter first",
    change: "name it for example orders-late",
  }),
  title: text({
    pattern: /^\S(.{0,98}\S)?$/u,
    rule: "must be one line of 1 to 100 characters",
    change: "say what is wrong, for example Orders are late",
    also: [withoutDollar],
  }),
  expr: text({
    pattern: /^\s*\S[^]{0,4999}$/u,
    rule: "must be a query in PromQL of at most 5000 characters",
    change: "write one that finds a series for each alert",
    lines: "many",
  }),
  above: threshold,
  below: threshold,
  forMinutes: wholeNumber({
    least: 0,
    most: 10_080,
    unit: "minutes",
    because: "a week at most",
    change: "set for example 5",
  }).default(5),
  severity: choice(severities).default("warning"),
  summary: text({
    pattern: /^[^]{0,1000}$/u,
    rule: "must be text of at most 1000 characters",
    change: "say who, what and how bad",
    lines: "many",
    also: [withoutDollar, template],
  }).default(""),
  description: text({
    pattern: /^[^]{0,5000}$/u,
    rule: "must be text of at most 5000 characters",
    change: "say what it means, and what to look at first",
    lines: "many",
    also: [withoutDollar, template],
  }).default(""),
  dashboard: text({ ...orEmpty(grafanaUid), change: "write the uid of a dashboard" }).default(""),
  runbookUrl: text({
    pattern: /^(https?:\/\/[^\s"'<>{}\\]{1,500})?$/,
    rule: "must be an address, http or https",
    change: "write for example https://wiki.example.com/orders-late",
  }).default(""),
  noData: choice(["OK", "Alerting"]).default("OK"),
}).superRefine(({ above, below }, context) => {
  if (above !== undefined && below !== undefined)
    report(context, ["below"], "must not be set together with above", "remove one of the two, or make two rules");
});

/** {@link ownRule} after validation. */
export type OwnRule = z.output<typeof ownRule>;

/** The rules of the user. */
export const ownRules = list(ownRule, "rules", "write - in front of each, with its name, title and expr")
  .max(mostRules, told(`must be at most ${mostRules} rules`, "make one of several, by a label"))
  .superRefine((rules, context) => {
    for (const field of ["name", "title"] as const) {
      for (const [index, rule] of rules.entries()) {
        const first = rules.findIndex((other) => other[field] === rule[field]);
        if (first !== index)
          report(context, [index, field], `must differ from that of rules.${first}`, "choose another one");
      }
    }
  });
