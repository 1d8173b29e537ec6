import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import type { Panel } from "@grafana/grafana-foundation-sdk/dashboard";
import { derivedMetrics } from "../../collector/derived-metrics.ts";
import { loki } from "../../parts/loki.ts";
import { datasourceUid } from "../../parts/part.ts";
import { logql, logs, stackedBars, table } from "./common.ts";
import { dashboard, row, senderVariables, textVariable, variable, type Dashboard } from "./dashboard.ts";
import { dashboardLink, exploreLink } from "./links.ts";
import { levelColours, logLines, messageOf, readable, writtenLines } from "./log-lines.ts";
import { chosen } from "./red.ts";

/** What is written into the field *Search* is an expression; in backquotes it may have any other character. */
const searched = (lines: string): string => `${lines} |~ \`(?i)$search\` | detected_level=~"$level"`;

const none = "No line is like that in this time";

function counted(title: string, description: string, label: string): Builder<Panel> {
  const links =
    label === "service_name"
      ? [dashboardLink("The service in depth", "service", { service: "${__field.labels.service_name}" })]
      : [];
  return stackedBars(
    {
      title,
      description,
      unit: "short",
      none,
      links,
      targets: [logql("A", `sum by (${label}) (count_over_time(${searched(logLines)} [$__interval]))`, `{{${label}}}`)],
    },
    label === "service_name" ? {} : levelColours,
  );
}

/** Messages that differ in a number or an id only are one. */
const digits = "[0-9a-fA-F]{8,}|[0-9]+";

/** How many kinds of messages are shown. */
const mostMessages = 50;

function messages(): Builder<Panel> {
  const what = `label_format what=\`{{regexReplaceAll "${digits}" (${messageOf}) "#" | trunc 160}}\``;
  const counts = `count_over_time(${searched(logLines)} | json _message="message", _msg="msg" | drop __error__, __error_details__ | ${what} [$__range])`;
  const asked = `topk(${mostMessages}, sum by (service_name, detected_level, what) (${counts}))`;
  return table({
    title: "Most frequent messages",
    description:
      "What is written most in the time on the screen: messages that differ in numbers and ids only are one. Loki's own patterns need a newer Grafana's Explore.",
    none,
    columns: [
      { title: "Lines", expr: asked, language: "logql", unit: "short", decimals: 0, width: 90 },
      { title: "Level", label: "detected_level", width: 90 },
      {
        title: "Service",
        label: "service_name",
        width: 235,
        links: [dashboardLink("The service in depth", "service", { service: "${__value.raw}" })],
      },
      { title: "Message", label: "what" },
    ],
  });
}

/** What all services write: how much, what most, and the lines. */
export function logsDashboard(): Dashboard {
  const levels = `label_values(${derivedMetrics.logRecords}{${chosen}}, detected_level)`;
  return dashboard({
    id: "logs",
    title: "Logs",
    description: "What the services write: how much of which level, what most, and the lines themselves.",
    variables: [
      ...senderVariables(),
      variable("level", "Level", levels, { allValue: ".*" }),
      textVariable("search", "Search"),
    ],
    rows: [
      row(7, [
        counted("Lines by level", "Lines that are chosen, by how bad they are.", "detected_level"),
        counted(
          "Lines by service",
          "Lines that are chosen, by who wrote them. Click a bar for the service.",
          "service_name",
        ),
      ]),
      row(10, [messages()]),
      row(20, [
        logs({
          title: "Lines",
          description: "The newest lines: level, service and message. Open one for its fields and the links from it.",
          targets: [logql("A", readable(searched(logLines)))],
          links: [
            exploreLink("The lines as they were written", datasourceUid(loki), {
              expr: `${writtenLines} | detected_level=~"\${level:pipe}"`,
            }),
          ],
        }),
      ]),
    ],
  });
}
