import { PanelBuilder as TextBuilder } from "@grafana/grafana-foundation-sdk/text";
import { RowBuilder, type Panel, type RowPanel } from "@grafana/grafana-foundation-sdk/dashboard";
import { explorePath, runbookPanel, runbookPath } from "../alerting/links.ts";
import { runbookPages, type RunbookPage } from "../alerting/runbook-pages.ts";
import { runbooksUid } from "../../names.ts";
import { loki } from "../../parts/loki.ts";
import { datasourceUid } from "../../parts/part.ts";
import { victoriaMetrics } from "../../parts/victoria-metrics.ts";
import type { TextFile } from "../../text-file.ts";
import { grafanaPaths } from "../paths.ts";
import { dashboardList, stackTag } from "./links.ts";

/*
 * The pages about alerts as a dashboard: whoever gets an alert has Grafana, and may not have this repository. A page is a row
 * that is folded up, and a panel in it, which the link of an alert shows alone.
 */

/** Height of a page that is unfolded, in units of Grafana's grid. What is longer is scrolled. */
const pageHeight = 18;

/** The file of the dashboard in Grafana's container. */
export function runbooksFile(): TextFile {
  const made = {
    uid: runbooksUid,
    title: "Runbooks",
    description: "What to do about each alert: symptom, first look, usual causes.",
    tags: [stackTag],
    // Of Grafana 10.0. A newer one migrates it.
    schemaVersion: 38,
    version: 1,
    editable: false,
    time: { from: "now-1h", to: "now" },
    timezone: "browser",
    links: [dashboardList().build()],
    panels: runbookPages().map(folded),
  };
  return { path: `${grafanaPaths.dashboards}/${runbooksUid}.json`, content: `${JSON.stringify(made, undefined, 1)}\n` };
}

function folded({ name, title, text }: RunbookPage, index: number): RowPanel {
  const page: Panel = new TextBuilder()
    .id(runbookPanel(name))
    .title(title)
    .content(linked(text))
    .gridPos({ x: 0, y: index + 1, w: 24, h: pageHeight })
    .build();
  const place = { x: 0, y: index, w: 24, h: 1 };
  return {
    ...new RowBuilder(title)
      .id(index + 1)
      .gridPos(place)
      .build(),
    collapsed: true,
    panels: [page],
  };
}

/** The data source that a query asks, by its language. */
const datasources = { promql: datasourceUid(victoriaMetrics), logql: datasourceUid(loki) } as const;

/**
 * Links to other pages as Grafana has them, and a link below each query that runs it. They open another tab: Grafana 10 goes
 * on showing a page when the address names another one of the same dashboard.
 */
function linked(text: string): string {
  return text
    .replaceAll(/\[([^\]]+)\]\(([\w-]+)\.md\)/g, (_, words: string, name: string) => link(words, runbookPath(name)))
    .replaceAll(
      /```(promql|logql)\n([\s\S]*?)\n```/g,
      (block, language: keyof typeof datasources, expr: string) =>
        `${block}\n\n${link("Run this query", explorePath(datasources[language], { expr }, encodeURIComponent("@")))}`,
    );
}

function link(words: string, path: string): string {
  return `<a href="/${path.replaceAll("&", "&amp;")}" target="_blank">${words}</a>`;
}
