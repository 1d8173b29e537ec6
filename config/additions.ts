import type { z } from "zod";
import { otelCollectorDocument } from "./collector/document.ts";
import { fragmentProblems, mergedDocument, type CollectorDocument } from "./collector/fragment.ts";
import { tailSamplingSchema } from "./collector/tail-sampling.ts";
import { generatedDatasources } from "./grafana/datasources.ts";
import { alertProblems } from "./grafana/alerting/problems.ts";
import { dashboardProblems, type ReadFolder } from "./grafana/added-dashboards.ts";
import { datasourceProblems } from "./grafana/added-datasources.ts";
import { isRecord } from "./parse.ts";
import { storesOf } from "./parts/exporters.ts";
import { scrapedOf } from "./parts/own-metrics.ts";
import { partList } from "./parts/parts.ts";
import type { Problem } from "./problem.ts";

/**
 * The Collector's configuration as far as its names go, which a user must not take; its numbers do not matter. The name of
 * the enrichment is among them on every platform, and those of the sampling whether there is one or not.
 */
export const namedDocument = mergedDocument(documentWith(undefined), documentWith({ keepPercent: 10 }));

function documentWith(sampling: z.input<typeof tailSamplingSchema> | undefined): CollectorDocument {
  return otelCollectorDocument({
    memoryMib: 256,
    queueMib: 512,
    readsHost: true,
    tailSampling: tailSamplingSchema.optional().parse(sampling),
    enrichment: { k8s_attributes: {} },
    ...storesOf(partList),
    scraped: scrapedOf(partList, Object.fromEntries(partList.map(({ host, memoryMib }) => [host, memoryMib.default]))),
  });
}

/** The problems of what the user adds to the generated configuration. What is no group, the schema reports. */
export function additionProblems(input: unknown, readFolder: ReadFolder): readonly Problem[] {
  if (!isRecord(input)) return [];
  const { secrets = {}, otelCollector, grafana, alerts } = input;
  const secretNames = isRecord(secrets) ? Object.keys(secrets) : undefined;
  const generated = generatedDatasources(partList);
  return [
    ...(isRecord(otelCollector) ? fragmentProblems(otelCollector["config"], namedDocument, secretNames) : []),
    ...(isRecord(grafana) ? datasourceProblems(grafana["datasources"], generated, secretNames) : []),
    ...(isRecord(grafana) ? dashboardProblems(grafana["dashboards"], readFolder) : []),
    ...alertProblems(alerts, isRecord(secrets) ? secrets : undefined),
  ];
}
