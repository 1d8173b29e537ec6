import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { datasourceUid } from "../../../config/parts/part.ts";
import { parts } from "../../../config/parts/parts.ts";
import { documentedStack } from "../../../generators/documented-stack.ts";
import { alertsPage, kubernetesPage, operationsPages, runbookPages } from "../../../generators/guide.ts";
import {
  documentedCommands,
  documentedQueries,
  type DocumentedQuery,
  type HttpBackend,
} from "../../../generators/queries.ts";
import type { GrafanaClient } from "../../../cli/grafana-client.ts";
import { run } from "./run.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const { settings, rules, defaultRules } = documentedStack();
const markdown = (page: string): string => readFileSync(join(root, page), "utf8");

/** Pages that hold wherever the stack runs. */
const pages = [...operationsPages, alertsPage, ...runbookPages].filter((page) => !isOfNoRule(page));

/** Whether a page is about a rule that the stack of the tests has not. */
function isOfNoRule(page: string): boolean {
  return rules.some(
    (rule) => page.endsWith(`/${rule.name}.md`) && !defaultRules.some(({ name }) => name === rule.name),
  );
}

/** Every query that the guide and the runbooks tell a reader to run, on any platform. */
export const guideQueries: readonly DocumentedQuery[] = pages.flatMap((page) =>
  documentedQueries(markdown(page), page, settings.ports),
);

/** Every query of the page about Kubernetes. */
export const kubernetesQueries: readonly DocumentedQuery[] = documentedQueries(
  markdown(kubernetesPage),
  kubernetesPage,
  settings.ports,
);

/** Every `docker` command of the guide and the runbooks. */
export const guideCommands: readonly string[] = pages.flatMap((page) => documentedCommands(markdown(page)));

/** What Grafana's proxy puts in front of a store's own paths; Grafana's have nothing. */
const prefixes: Readonly<Record<HttpBackend, string>> = {
  grafana: "",
  loki: proxy(datasourceUid(parts.loki)),
  victoriaMetrics: proxy(datasourceUid(parts.victoriaMetrics)),
  jaeger: proxy(datasourceUid(parts.jaeger)),
};

const found = z.object({ data: z.object({ result: z.array(z.unknown()) }) });
const jaegerAnswer = z.object({ data: z.array(z.unknown()).nullable() });

/** Runs a query through Grafana; says what is wrong with the answer, or nothing. */
export async function problemWith(query: DocumentedQuery, grafana: GrafanaClient): Promise<string | undefined> {
  try {
    const rows = await rowsOf(query, grafana);
    return rows > 0 || !query.expectsRows ? undefined : `${query.page}: ${query.text}: no rows`;
  } catch (error) {
    return `${query.page}: ${query.text}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function rowsOf(query: DocumentedQuery, grafana: GrafanaClient): Promise<number> {
  switch (query.language) {
    case "promql": {
      const path = `api/v1/query?${new URLSearchParams({ query: query.text }).toString()}`;
      return rowCount(await grafana.get(`${prefixes.victoriaMetrics}/${path}`));
    }
    case "logql": {
      const end = Date.now() * 1e6;
      const range = { start: String(end - 3600e9), end: String(end), step: "60" };
      const path = `loki/api/v1/query_range?${new URLSearchParams({ query: query.text, ...range }).toString()}`;
      return rowCount(await grafana.get(`${prefixes.loki}/${path}`));
    }
    case "http": {
      const answer = await grafana.text(`${prefixes[query.backend]}/${query.path}`);
      const { pattern } = query;
      if (pattern !== undefined) return answer.split("\n").filter((line) => new RegExp(pattern).test(line)).length;
      return query.backend === "jaeger" ? (jaegerAnswer.parse(JSON.parse(answer)).data ?? []).length : answer.length;
    }
  }
}

/** Rows of an answer of Loki or VictoriaMetrics; a series that is no number is none. */
function rowCount(answer: unknown): number {
  return found.parse(answer).data.result.filter((row) => !JSON.stringify(row).includes('"NaN"')).length;
}

/** Runs a command of the guide against a stack of another name; says what is wrong with it, or nothing. */
export async function problemWithCommand(command: string, stackName: string): Promise<string | undefined> {
  const ended = await run("sh", ["-c", command.replaceAll(settings.name, stackName)]);
  return ended.code === 0 ? undefined : `${command} ended with ${ended.code}:\n${ended.output}`;
}

function proxy(uid: string): string {
  return `/api/datasources/proxy/uid/${uid}`;
}
