import { z } from "zod";
import { latencyBoundsSeconds } from "../../collector/derived-metrics.ts";
import { byServiceName, choice, group, list, number, report, text, told, wholeNumber } from "../../fields.ts";
import { nameOfSecret, orEmpty, type TextRule } from "../../rules.ts";
import { ownRules } from "./own-rule-schema.ts";
import { severities } from "./severities.ts";

/** Most contact points. Each has a place of its own in Grafana, so that one that is removed here is removed there (contact-points.ts). */
const mostContactPoints = 20;

/**
 * Least share of good requests that an objective may ask for, in percent. The fastest burn rate is 14.4 times what is
 * allowed to fail: of more than 7 percent it could never be reached.
 */
const leastPercent = 95;

const objectiveFields = {
  availabilityPercent: number(leastPercent, 99.999, "set for example 99.5"),
  latencyPercent: number(leastPercent, 99.999, "set for example 95"),
  latencySeconds: oneOf([0, ...latencyBoundsSeconds], "set the next one above what is fast enough, or 0 for none"),
  silenceMinutes: wholeNumber({
    least: 0,
    most: 1440,
    unit: "minutes",
    because: "0 for never, a day at most",
    change: "set for example 15",
  }),
} as const;

/** What single services promise, by `service.name`: what is left out is as it is for all. */
type OwnObjectives = Record<string, { [Field in keyof Objective]?: number | undefined }>;

function servicesWithObjectives(): z.ZodType<OwnObjectives, OwnObjectives> {
  const { availabilityPercent, latencyPercent, latencySeconds, silenceMinutes } = objectiveFields;
  const own = group({
    availabilityPercent: availabilityPercent.optional(),
    latencyPercent: latencyPercent.optional(),
    latencySeconds: latencySeconds.optional(),
    silenceMinutes: silenceMinutes.optional(),
  });
  return byServiceName(own, "objectives", "let more of them have the objectives of all");
}

/** What a service promises. */
export type Objective = { readonly [Field in keyof typeof objectiveFields]: number };

/** What every service promises, and what single ones promise instead. */
export const objectivesSchema = group({
  availabilityPercent: objectiveFields.availabilityPercent.default(99),
  latencyPercent: objectiveFields.latencyPercent.default(95),
  latencySeconds: objectiveFields.latencySeconds.default(1),
  silenceMinutes: objectiveFields.silenceMinutes.default(15),
  services: servicesWithObjectives().default({}),
});

/** {@link objectivesSchema} after validation. */
export type Objectives = z.output<typeof objectivesSchema>;

/** Kinds of contact points. */
export const contactPointTypes = ["email", "webhook", "slack", "pagerduty"] as const;

/** Where all of it goes as long as nobody is told: no contact point of a user may have that name. */
export const nobody = "Nobody";

const contactPointName: TextRule = {
  pattern: /^[A-Za-z0-9]([A-Za-z0-9 ._-]{0,48}[A-Za-z0-9])?$/,
  rule: "must be 1 to 50 letters, digits, inner blanks, dots, hyphens and underscores",
  change: "name it for example team",
  also: [
    {
      holds: (name) => name.toLowerCase() !== nobody.toLowerCase(),
      rule: `must not be ${nobody}, which stands for no contact point`,
      change: "choose another one",
    },
  ],
};

/** An address of one person. Grafana separates several by `;`, `,` and line breaks, and reads braces as a template. */
const emailAddress: TextRule = {
  pattern: /^(?=.{3,254}$)[^\s@;,<>{}"\\]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/,
  rule: "must be an e-mail address",
  change: "write for example oncall@example.com",
};

const secretName: Pick<TextRule, "pattern" | "rule"> = {
  pattern: nameOfSecret.pattern,
  rule: "must be the name of a secret",
};

const optionalSecret = text({ ...orEmpty(secretName), change: "write NAME of secrets.NAME" }).default("");

/** What Grafana would replace in its settings, which it has no way to escape there (see grafana.adminUser). */
const smtpText = { rule: "must be one line of at most 200 characters without $ and %", pattern: /^[^$%]{0,200}$/u };

const severityList = list(choice(severities), "severities", `write ${severities.join(", ")}, or one of them`);

const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;

const timeOfDay = (what: string): z.ZodString =>
  text({
    pattern: /^((?:[01]\d|2[0-3]):[0-5]\d|24:00)$/,
    rule: `must be a time from 00:00 to 24:00 in UTC`,
    change: `write for example "${what}", in quotes`,
  });

/** Whom alerts reach, how often, and when not. */
export const alertsSchema = group({
  contactPoints: list(
    group({
      name: text(contactPointName),
      type: choice(contactPointTypes),
      addresses: list(text(emailAddress), "e-mail addresses", "write - in front of each").default([]),
      secret: optionalSecret,
      severities: severityList
        .min(1, told("must be one severity at least", "leave it out for all"))
        .default([...severities]),
    }),
    "contact points",
    "write - in front of each, with its name and type",
  )
    .max(mostContactPoints, told(`must be at most ${mostContactPoints} contact points`, "remove some"))
    .default([]),
  smtp: group({
    host: text({
      pattern: /^([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?:\d{1,5})?$/,
      rule: "must be a host name and a port",
      change: "write for example smtp.example.com:587",
    }).default(""),
    from: text({ ...orEmpty(emailAddress), change: "write for example grafana@example.com" }).default(""),
    user: text({ ...smtpText, change: "write the name that the mail server knows" }).default(""),
    secret: optionalSecret,
    startTls: choice(["mandatory", "opportunistic", "none"]).default("mandatory"),
  }).prefault({}),
  groupWaitSeconds: wholeNumber({ least: 1, most: 3600, unit: "seconds", change: "set for example 30" }).default(30),
  groupIntervalSeconds: wholeNumber({ least: 10, most: 86400, unit: "seconds", change: "set for example 300" }).default(
    300,
  ),
  repeatHours: wholeNumber({ least: 1, most: 720, unit: "hours", change: "set for example 4" }).default(4),
  mute: list(
    group({
      severities: severityList.default(["warning"]),
      days: list(choice(weekdays), "days", "write for example saturday and sunday").default([...weekdays]),
      from: timeOfDay("22:00").default("00:00"),
      to: timeOfDay("06:00").default("24:00"),
    }).superRefine(({ from, to }, context) => {
      if (from === to || from === "24:00")
        report(context, ["from"], "must be another time than `to`, and not 24:00", "correct one of them");
    }),
    "times",
    "write - in front of each, with days, from and to",
  ).default([]),
  rules: ownRules.default([]),
  runbookUrl: text({
    pattern: /^(https?:\/\/[^\s"'<>{}\\]{1,500})?$/,
    rule: "must be the address of a folder, http or https",
    change: "write for example https://git.example.com/observability/blob/main/docs/runbooks",
  }).default(""),
});

/** {@link alertsSchema} after validation. */
export type Alerts = z.output<typeof alertsSchema>;

/** A contact point of the user. */
export type ContactPoint = Alerts["contactPoints"][number];

/** A time in which nobody is told. */
export type MutedTime = Alerts["mute"][number];

/** A number out of a few. */
function oneOf(numbers: readonly number[], change: string): z.ZodNumber {
  const words = told(`must be one of ${numbers.join(", ")}`, change);
  return z.number(words).refine((given) => numbers.includes(given), words);
}

/** Every place in Grafana for a contact point of a user. */
export const contactPointSlots: readonly number[] = Array.from({ length: mostContactPoints }, (_, index) => index + 1);

/** The weekday after another one, for a time that goes on after midnight. */
export function dayAfter(day: (typeof weekdays)[number]): (typeof weekdays)[number] {
  return weekdays[(weekdays.indexOf(day) + 1) % weekdays.length] ?? day;
}
