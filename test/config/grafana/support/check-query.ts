import { parser as logqlParser } from "@grafana/lezer-logql";
import type { SyntaxNode } from "@lezer/common";
import { parser as promqlParser } from "@prometheus-io/lezer-promql";
import { lokiIndexLabels } from "../../../../config/parts/loki.ts";
import { underscored, type StoredSeries } from "./stored-series.ts";

/** What a query turned out to be. */
export interface CheckedQuery {
  /** Syntax errors, names that nothing has, values that are made up. Empty if the query holds. */
  readonly problems: readonly string[];
  /** Metrics that it reads. */
  readonly metrics: readonly string[];
  /** Labels that its result has. */
  readonly labels: Labels;
}

type Labels = ReadonlySet<string>;

/** Labels of Loki's streams, in Loki's spelling. */
const streamLabels: Labels = new Set(lokiIndexLabels.map(underscored));

/** What Loki makes of the fields of an OTLP record (pkg/loghttp/push/otlp.go) and adds by itself. */
export const lokiMetadata: Labels = new Set([
  ...["trace_id", "span_id", "severity_number", "severity_text", "observed_timestamp", "flags"],
  ...["scope_name", "scope_version", "detected_level"],
]);

/** What Loki adds to a line that a parser cannot read. */
const parserErrors = ["__error__", "__error_details__"];

/** Fields of lines and attributes of records that other SDKs send (pino; OpenTelemetry's semantic conventions for exceptions). */
const ofOtherSdks = { fields: ["msg"], attributes: ["exception_type", "exception_message"] };

const madeUp = "vector(…) makes up a value where there is none";

/** Checks PromQL against the series that VictoriaMetrics stores. */
export function checkPromql(query: string, series: StoredSeries): CheckedQuery {
  const problems: string[] = [];
  const metrics: string[] = [];
  const text = ({ from, to }: SyntaxNode): string => query.slice(from, to);
  const root = promqlParser.parse(query).topNode;
  const error = syntaxError(root, query);
  if (error !== undefined) return { problems: [error], metrics, labels: new Set() };
  return { labels: result(root), problems, metrics };

  function result(node: SyntaxNode): Labels {
    if (node.name === "VectorSelector") return selected(node);
    const inner = union(childrenOf(node).map(result));
    const modifier = node.getChild("AggregateModifier") ?? node.getChild("MatchingModifierClause");
    const named = modifier === null ? [] : descendants(modifier, "LabelName").map(text);
    for (const label of named) {
      // Buckets of exponential histograms have it in place of `le`, in the same metric.
      if (label === "vmrange" && inner.has("le")) continue;
      if (!inner.has(label)) problems.push(`${text(node)}: nothing in it has a label ${label}`);
    }
    // These choose among series and leave them as they are.
    if (modifier === null && /^(?:topk|bottomk)\b/.test(text(node))) return inner;
    if (node.name === "AggregateExpr") return modifier?.getChild("Without") ? without(inner, named) : new Set(named);
    return node.name === "FunctionCall" ? called(node, inner) : inner;
  }

  function called(node: SyntaxNode, inner: Labels): Labels {
    const name = descendants(node, "FunctionIdentifier").map(text)[0];
    if (name === "vector") problems.push(madeUp);
    if (name === "label_replace" || name === "label_join") {
      const [added] = node.getChild("FunctionCallBody")?.getChildren("StringLiteral") ?? [];
      return union([inner, new Set(added === undefined ? [] : [text(added).slice(1, -1)])]);
    }
    if (name !== "histogram_quantile") return inner;
    if (!inner.has("le")) problems.push(`${text(node)}: its buckets have no label le`);
    return without(inner, ["le", "vmrange"]);
  }

  function selected(node: SyntaxNode): Labels {
    const metric = node.getChild("Identifier");
    if (metric === null) return selectedByLabels(node);
    const name = text(metric);
    metrics.push(name);
    const known = series.get(name);
    if (known === undefined) {
      problems.push(`no service sends ${name}`);
      // Anything goes from here on: one mistake is one problem.
      return union([...series.values()]);
    }
    for (const label of descendants(node, "LabelName").map(text)) {
      if (!known.has(label)) problems.push(`${name} has no label ${label}`);
    }
    return known;
  }

  /** Of a selector without a name, or with a pattern for it: whatever metric of such a name has all of its labels. */
  function selectedByLabels(node: SyntaxNode): Labels {
    const [, pattern = ".*"] = /__name__=~"([^"]*)"/.exec(text(node)) ?? [];
    const isMeant = new RegExp(`^(?:${pattern})$`);
    const asked = descendants(node, "LabelName").map(text);
    const having = [...series]
      .filter(([name]) => isMeant.test(name))
      .map(([, labels]) => union([labels, new Set(["__name__"])]))
      .filter((labels) => asked.every((label) => labels.has(label)));
    if (having.length === 0) problems.push(`${text(node)}: no metric has all of these labels`);
    return union(having);
  }
}

/** Checks LogQL against what Loki stores of the services' lines; `lineFields` are those that `| json` would find. */
export function checkLogql(query: string, lineFields: Labels): CheckedQuery {
  const problems: string[] = [];
  const text = ({ from, to }: SyntaxNode): string => query.slice(from, to);
  const root = logqlParser.parse(query).topNode;
  const error = syntaxError(root, query);
  if (error !== undefined) return { problems: [error], metrics: [], labels: new Set() };
  const extractions = descendants(root, "LabelExtractionExpression");
  const parsed = extractions.length > 0 ? new Set(extractions.map(extracted)) : lineFields;
  const isParsed = descendants(root, "Json").length > 0;
  const known = union([
    ...[streamLabels, lokiMetadata, new Set([...parserErrors, ...ofOtherSdks.attributes])],
    ...(isParsed ? [parsed] : []),
    // Labels that the query itself makes.
    new Set(descendants(root, "LabelFormatMatcher").flatMap((made) => descendants(made, "Identifier").map(text))),
  ]);
  for (const template of descendants(root, "LineFormatExpr").flatMap((format) => descendants(format, "String"))) {
    for (const [, name = ""] of text(template).matchAll(/(?<=[ ({])\.(\w+)/g)) {
      if (!known.has(name)) problems.push(`no line has a field ${name}`);
    }
  }
  return { labels: result(root), problems, metrics: [] };

  function result(node: SyntaxNode): Labels {
    if (node.name === "Selector") return selected(node);
    if (node.name === "Identifier" && !known.has(text(node))) problems.push(`no line has a field ${text(node)}`);
    if (node.name === "VectorExpr") problems.push(madeUp);
    const inner = union(childrenOf(node).map(result));
    if (node.name !== "VectorAggregationExpr" || /^(?:topk|bottomk)\b/.test(text(node))) return inner;
    return new Set(node.getChildren("Grouping").flatMap((grouping) => descendants(grouping, "Identifier").map(text)));
  }

  /** Name of what `json name="path"` takes out of a line. */
  function extracted(node: SyntaxNode): string {
    const [name = ""] = descendants(node, "Identifier").map(text);
    const path = descendants(node, "String").map(text).join("").slice(1, -1);
    if (!lineFields.has(path) && !ofOtherSdks.fields.includes(path)) problems.push(`no line has a field ${path}`);
    return name;
  }

  function selected(node: SyntaxNode): Labels {
    for (const label of descendants(node, "Identifier").map(text)) {
      if (!streamLabels.has(label)) problems.push(`no stream has a label ${label}`);
    }
    if (descendants(node, "Matcher").every(matchesEmpty)) {
      problems.push(`${text(node)}: Loki wants a matcher that refuses the empty value`);
    }
    return known;
  }

  function matchesEmpty(matcher: SyntaxNode): boolean {
    const value = descendants(matcher, "String").map(text).join("").slice(1, -1);
    const isRegex = matcher.getChild("Re") !== null || matcher.getChild("Nre") !== null;
    const isNegated = matcher.getChild("Neq") !== null || matcher.getChild("Nre") !== null;
    return isNegated !== (isRegex ? new RegExp(`^(?:${value})$`).test("") : value === "");
  }
}

function syntaxError(root: SyntaxNode, query: string): string | undefined {
  const [first] = descendants(root, "⚠");
  return first && `syntax error in \`${query}\` at ${first.from}`;
}

/** All nodes of a kind below a node. */
function descendants(node: SyntaxNode, name: string): SyntaxNode[] {
  return childrenOf(node).flatMap((child) => [...(child.name === name ? [child] : []), ...descendants(child, name)]);
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

function union(sets: readonly Labels[]): Labels {
  return new Set(sets.flatMap((set) => [...set]));
}

function without(labels: Labels, removed: readonly string[]): Labels {
  return new Set([...labels].filter((label) => !removed.includes(label)));
}
