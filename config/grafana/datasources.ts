import { parse, stringify } from "yaml";
import { datasourceUids, urls } from "../names.ts";

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
 * The provisioning file of Grafana's data sources: the stack's own ones, and behind them the user's as they are, their
 * names sorted: Pulumi's engine sorts them and a preview without it does not.
 */
export function datasources(own: readonly object[] = []): string {
  const sorted = parse(stringify(own, { sortMapEntries: true })) as readonly object[];
  return stringify(
    {
      apiVersion: 1,
      // A data source that is no longer in this file goes (Grafana ≥ 11.1; older versions ignore the key).
      prune: true,
      datasources: [...generatedDatasources, ...sorted],
    },
    { aliasDuplicateObjects: false },
  );
}

/** `$` is doubled: Grafana replaces `$NAME` in provisioning files by the environment. */
function provisioned(name: string, type: string, uid: string, url: string, jsonData: object): Datasource {
  const escaped: unknown = JSON.parse(JSON.stringify(jsonData).replaceAll("$", "$$$$"));
  return { name, type, uid, access: "proxy", url, editable: true, jsonData: escaped };
}
