import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import { DashboardLinkBuilder, DashboardLinkType, type DashboardLink } from "@grafana/grafana-foundation-sdk/dashboard";
import { dashboardUids } from "../../names.ts";

/** A dashboard of the stack, by its key in {@link dashboardUids}. */
export type DashboardId = keyof typeof dashboardUids;

/** Tag of every dashboard of the stack, by which they find each other. */
export const stackTag = "stack";

/** The list of the stack's dashboards in a dashboard's title bar. What is chosen here is chosen there, and so is the time. */
export function dashboardList(): Builder<DashboardLink> {
  const list = new DashboardLinkBuilder("Dashboards")
    .type(DashboardLinkType.Dashboards)
    .tags([stackTag])
    .asDropdown(true)
    .includeVars(true)
    .keepTime(true);
  return { build: () => inSight(list) };
}

/** The SDK knows one place only, a menu of Grafana 12 and later that is closed at first. */
function inSight(link: Builder<DashboardLink>): DashboardLink {
  const { placement: _menu, ...shown } = link.build();
  return shown;
}

/**
 * A link from a point or a cell to a dashboard, over the time range on the screen.
 *
 * @param variables values of the dashboard's variables: text, or what Grafana replaces, such as `${__field.labels.service_name}`
 * @param panel number of the panel that fills the screen there. @default the whole dashboard
 */
export function dashboardLink(
  title: string,
  dashboard: DashboardId,
  variables: Readonly<Record<string, string>>,
  panel?: number,
): DashboardLinkBuilder {
  const chosen = Object.entries(variables).map(([name, value]) => `var-${name}=${encoded(value)}`);
  const view = panel === undefined ? [] : [`viewPanel=${panel}`];
  const url = `/d/${dashboardUids[dashboard]}?${[...chosen, "${__url_time_range}", ...view].join("&")}`;
  return new DashboardLinkBuilder(title).url(url);
}

/** A link into Grafana's Explore with one query, over the time range on the screen. Grafana's variables stay as they are. */
export function exploreLink(title: string, datasourceUid: string, query: object): DashboardLinkBuilder {
  const left = {
    datasource: datasourceUid,
    queries: [{ refId: "A", ...query }],
    range: { from: "${__from}", to: "${__to}" },
  };
  return new DashboardLinkBuilder(title)
    .url(`/explore?orgId=1&left=${encoded(JSON.stringify(left))}`)
    .targetBlank(true);
}

/** Text as a part of an address, but for what Grafana replaces. */
function encoded(text: string): string {
  const pieces = text.split(/(\$\{[\w.:]+\})/);
  return pieces.map((piece, index) => (index % 2 === 1 ? piece : encodeURIComponent(piece))).join("");
}
