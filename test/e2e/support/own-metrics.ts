import type { GrafanaClient } from "../../../cli/grafana-client.ts";
import { hostMetrics, machineName } from "../../../config/collector/host-metrics.ts";
import { addedMetrics } from "../../../config/collector/own-metrics.ts";
import { datasourceUid, type AnyPart } from "../../../config/parts/part.ts";
import { partList, parts } from "../../../config/parts/parts.ts";
import { stackNamespace } from "../../../config/names.ts";

/** Names that a part's kept metrics have in the store: those that are always there, and those that may be. */
function namesOf({ host, metrics }: AnyPart): { readonly always: readonly string[]; readonly all: readonly string[] } {
  if (metrics === "none") return { always: [], all: [] };
  const kept = Object.entries(metrics.kept).flatMap(([name, { storedAs = name, isHistogram, isRare }]) =>
    (isHistogram === true ? ["_bucket", "_sum", "_count"] : [""]).map((end) => ({ name: `${storedAs}${end}`, isRare })),
  );
  const named = [...Object.keys(addedMetrics), ...kept.filter(({ isRare }) => isRare !== true).map(({ name }) => name)];
  const of = (names: readonly string[]): readonly string[] => names.map((name) => `${host} ${name}`);
  return { always: of(named), all: of([...named, ...kept.map(({ name }) => name)]) };
}

/** What is missing in the store of what the parts measure of themselves, and what is there that nobody asked for. */
export async function ownMetricProblems(grafana: GrafanaClient): Promise<readonly string[]> {
  // Others of the stack, the canary for instance, send what they have to say themselves.
  const asked = [machineName, ...partList.filter(({ metrics }) => metrics !== "none").map(({ host }) => host)];
  const found = await grafana.series(
    datasourceUid(parts.victoriaMetrics),
    `count by (service_name, __name__) ({service_namespace="${stackNamespace}",service_name=~"${asked.join("|")}",__name__!~"otelcol_.+"})`,
  );
  const names = found.map(({ labels: { service_name: service = "", __name__: name = "" } }) => `${service} ${name}`);
  const ofHost = Object.keys(hostMetrics).map((name) => `${machineName} ${name}`);
  const described = [...partList.map(namesOf), { always: ofHost, all: ofHost }];
  const missing = described.flatMap(({ always }) => always).filter((name) => !names.includes(name));
  const unasked = names.filter((name) => !described.some(({ all }) => all.includes(name)));
  return [...missing.map((name) => `${name} is missing`), ...unasked.map((name) => `${name} is not wanted`)];
}
