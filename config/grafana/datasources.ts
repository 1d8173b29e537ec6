import { Document, isSeq, visit } from "yaml";
import { grafanaText } from "../expansion.ts";
import { isRecord } from "../parse.ts";
import { addressOf, signals, type AnyPart, type Signal } from "../parts/part.ts";

/** A data source in a provisioning file. */
export interface Datasource {
  readonly name: string;
  readonly type: string;
  readonly uid: string;
  readonly access: "proxy";
  readonly url: string;
  readonly editable: boolean;
  readonly isDefault?: boolean;
  readonly jsonData: unknown;
}

/** The stack's own data sources and the links between them: one for each part that Grafana asks. */
export function generatedDatasources(all: readonly AnyPart[]): readonly Datasource[] {
  const uids = { logs: uidOf(all, "logs"), metrics: uidOf(all, "metrics"), traces: uidOf(all, "traces") };
  const found = all.flatMap((part) => {
    const { title, datasource } = part;
    if (datasource === "none") return [];
    const { signal, type, uid, isDefault, port } = datasource;
    const url = `http://${addressOf(part, port)}`;
    const common = { name: title, type, uid, access: "proxy", url, editable: true } as const;
    // As in the file, with every `$` doubled: Grafana replaces `$NAME` in provisioning files by the environment.
    const jsonData = escaped(datasource.jsonData(uids));
    return [[signal, isDefault ? { ...common, jsonData, isDefault } : { ...common, jsonData }] as const];
  });
  return signals.flatMap((wanted) => found.flatMap(([signal, made]) => (signal === wanted ? [made] : [])));
}

/** The data source of a signal: the first one that there is. @throws Error if there is none */
function uidOf(all: readonly AnyPart[], wanted: Signal): string {
  const [first] = all.flatMap(({ datasource }) =>
    datasource !== "none" && datasource.signal === wanted ? [datasource] : [],
  );
  if (first === undefined) throw new Error(`a part must be a data source of ${wanted}, found none`);
  return first.uid;
}

/**
 * The provisioning file of Grafana's data sources: the stack's own ones, and behind them the user's, with every dollar
 * sign that is none of Grafana's syntax escaped. Their names are sorted: Pulumi's engine sorts them and a preview without
 * it does not. Their texts are in quotes: without them Grafana's YAML takes some for numbers, and an older Grafana ends at
 * a name that is one.
 */
export function datasources(generated: readonly Datasource[], added: readonly object[] = []): string {
  const document = new Document(
    {
      apiVersion: 1,
      // A data source that is no longer in this file goes (Grafana ≥ 11.1; older versions ignore the key).
      prune: true,
      datasources: generated,
    },
    { aliasDuplicateObjects: false },
  );
  const nodes = new Document(escaped(added), { aliasDuplicateObjects: false, sortMapEntries: true }).contents;
  visit(nodes, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value === "string") scalar.type = "QUOTE_DOUBLE";
    },
  });
  const all = document.get("datasources");
  if (isSeq(all) && isSeq(nodes)) all.items.push(...nodes.items);
  return document.toString();
}

/** A value with every text escaped. Its keys stay: Grafana replaces nothing in them. */
function escaped(value: unknown): unknown {
  if (typeof value === "string") return grafanaText(value);
  if (Array.isArray(value)) return value.map(escaped);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner)]));
}
