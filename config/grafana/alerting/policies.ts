import { testTitle } from "./rules.ts";
import { severityLabel } from "./rule.ts";
import { dayAfter, nobody, type Alerts, type ContactPoint, type MutedTime } from "./settings.ts";
import { severities, type Severity } from "./severities.ts";

/*
 * Who is told of what, how often and when not. Grafana has one tree of policies, which is the stack's: rules that somebody
 * makes by hand reach the first contact point, unless they have a severity of the stack's as their label.
 */

/** The timing of a severity in Grafana: fixed names, so that one that is no longer set can be deleted. */
function timingName(severity: Severity): string {
  return `Stack ${severity}`;
}

/** Mutes what nobody is told anyway: without it Grafana would try, and log an error each time. */
const always = "Stack always";

/** Times in which somebody is not told, as Grafana has them. */
export function muteTimings({ contactPoints, mute }: Alerts): readonly object[] {
  if (contactPoints.length === 0) return [{ orgId: 1, name: always, time_intervals: [{}] }];
  return severities.flatMap((severity) => {
    const times = mutedTimes(mute, severity);
    return times.length === 0
      ? []
      : [{ orgId: 1, name: timingName(severity), time_intervals: times.flatMap(intervals) }];
  });
}

/** Timings that Grafana is told to delete, by their names. */
export function deletedMuteTimings({ contactPoints, mute }: Alerts): readonly object[] {
  const isNobody = contactPoints.length === 0;
  const unused = severities.filter((severity) => isNobody || mutedTimes(mute, severity).length === 0);
  return [...unused.map(timingName), ...(isNobody ? [] : [always])].map((name) => ({ orgId: 1, name }));
}

function mutedTimes(mute: readonly MutedTime[], severity: Severity): readonly MutedTime[] {
  return mute.filter(({ severities: those }) => those.includes(severity));
}

/** A time that goes on after midnight is two for Grafana, the second one on the days after. */
function intervals({ days, from, to }: MutedTime): readonly object[] {
  const interval = (weekdays: readonly string[], start: string, end: string): readonly object[] =>
    start === end ? [] : [{ times: [{ start_time: start, end_time: end }], weekdays }];
  if (from < to) return interval(days, from, to);
  return [...interval(days, from, "24:00"), ...interval(days.map(dayAfter), "00:00", to)];
}

/** The tree of notification policies. */
export function policies(alerts: Alerts): readonly object[] {
  const { contactPoints, groupWaitSeconds, groupIntervalSeconds, repeatHours } = alerts;
  const [first] = contactPoints;
  return [
    {
      orgId: 1,
      receiver: first?.name ?? nobody,
      group_by: ["grafana_folder", "alertname"],
      group_wait: `${groupWaitSeconds}s`,
      group_interval: `${groupIntervalSeconds}s`,
      repeat_interval: `${repeatHours}h`,
      routes:
        first === undefined
          ? [{ receiver: nobody, object_matchers: [["alertname", "=~", ".+"]], mute_time_intervals: [always] }]
          : contactPoints.flatMap((contactPoint) => routesTo(contactPoint, alerts)),
    },
  ];
}

function routesTo({ name, severities: wanted }: ContactPoint, { mute }: Alerts): readonly object[] {
  return severities
    .filter((severity) => wanted.includes(severity))
    .map((severity) => ({
      receiver: name,
      object_matchers: [[severityLabel, "=", severity]],
      // The other contact points are told as well.
      continue: true,
      ...(mutedTimes(mute, severity).length === 0 ? {} : { mute_time_intervals: [timingName(severity)] }),
      // A test is told at once, whatever the time of day.
      routes: [
        {
          receiver: name,
          object_matchers: [["alertname", "=", testTitle]],
          group_wait: "1s",
          group_interval: "5s",
        },
      ],
    }));
}
