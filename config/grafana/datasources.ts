import { Document, isSeq, visit } from "yaml";
import { grafanaText } from "../expansion.ts";
import { datasourceUids, urls } from "../names.ts";
import { isRecord } from "../parse.ts";

/** How far around a trace its logs are looked for: clocks differ, and work goes on after the last span. */
const aroundTrace = { spanStartTimeShift: "-5m", spanEndTimeShift: "5m" };

/**
 * The regular expression that finds the trace id in a JSON log line, with or without a space after the colon: some
 * JSON writers put one there, and then a stricter expression finds nothing.
 */
export const traceIdInLine = '"trace_id":\\s*"(\\w+)"';

/** A data source in a provisioning file. */
interface Datasource {
  readonly name: string;
  readonly type: string;
  readonly uid: string;
  readonly access: "proxy";
  readonly url: string;
  readonly editable: boolean;
  readonly isDefault?: boolean;
  readonly jsonData: unknown;
}

/**
 * The stack's own data sources and the links between them.
 *
 * Log → trace has two ways. `TraceID` reads the line and works in every Grafana. `trace_id` reads the structured
 * metadata, so it also works for lines that are not JSON; Grafana has that since version 11 and ignores it before.
 * They need two names: of fields with one name only the first works. Trace → logs goes by the id alone, since Jaeger's
 * spans do not offer `service.name` to links.
 */
export const generatedDatasources: readonly Datasource[] = [
  provisioned("Loki", "loki", datasourceUids.loki, urls.loki, {
    maxLines: 1000,
    derivedFields: [
      {
        name: "TraceID",
        matcherType: "regex",
        matcherRegex: traceIdInLine,
        url: "${__value.raw}",
        datasourceUid: datasourceUids.jaeger,
        urlDisplayLabel: "Open the trace",
      },
      {
        name: "trace_id",
        matcherType: "label",
        matcherRegex: "^trace_id$",
        url: "${__value.raw}",
        datasourceUid: datasourceUids.jaeger,
        urlDisplayLabel: "Open the trace",
      },
    ],
  }),
  provisioned("Jaeger", "jaeger", datasourceUids.jaeger, urls.jaegerQuery, {
    nodeGraph: { enabled: true },
    tracesToLogsV2: {
      datasourceUid: datasourceUids.loki,
      ...aroundTrace,
      customQuery: true,
      query: '{service_name=~".+"} | trace_id="${__trace.traceId}"',
    },
  }),
  {
    ...provisioned("VictoriaMetrics", "prometheus", datasourceUids.victoriaMetrics, urls.victoriaMetrics, {
      httpMethod: "POST",
      // How often services send: below it a rate has too few points.
      timeInterval: "15s",
    }),
    isDefault: true,
  },
];

/**
 * The provisioning file of Grafana's data sources: the stack's own ones, and behind them the user's, with every dollar
 * sign that is none of Grafana's syntax escaped. Their names are sorted: Pulumi's engine sorts them and a preview without
 * it does not. Their texts are in quotes: without them Grafana's YAML takes some for numbers, and an older Grafana ends at
 * a name that is one.
 */
export function datasources(own: readonly object[] = []): string {
  const document = new Document(
    {
      apiVersion: 1,
      // A data source that is no longer in this file goes (Grafana ≥ 11.1; older versions ignore the key).
      prune: true,
      datasources: generatedDatasources,
    },
    { aliasDuplicateObjects: false },
  );
  const added = new Document(escaped(own), { aliasDuplicateObjects: false, sortMapEntries: true }).contents;
  visit(added, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value === "string") scalar.type = "QUOTE_DOUBLE";
    },
  });
  const all = document.get("datasources");
  if (isSeq(all) && isSeq(added)) all.items.push(...added.items);
  return document.toString();
}

/** Names stay: Grafana replaces nothing in them. */
function escaped(value: unknown): unknown {
  if (typeof value === "string") return grafanaText(value);
  if (Array.isArray(value)) return value.map(escaped);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner)]));
}

/** As in the file, with every `$` doubled: Grafana replaces `$NAME` in provisioning files by the environment. */
function provisioned(name: string, type: string, uid: string, url: string, jsonData: object): Datasource {
  return { name, type, uid, access: "proxy", url, editable: true, jsonData: escaped(jsonData) };
}
