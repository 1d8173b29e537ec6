import { datasourceUid } from "../../../config/parts/part.ts";
import { parts } from "../../../config/parts/parts.ts";
import type { LogLine } from "../../../cli/verification/links.ts";
import type { GrafanaClient } from "../../../cli/grafana-client.ts";
import pWaitFor from "p-wait-for";

/** All lines of the last `hours` that a LogQL query finds, as soon as there are at least `least`. */
export async function eventuallyLogs(
  grafana: GrafanaClient,
  query: string,
  least = 1,
  hours = 1,
): Promise<readonly LogLine[]> {
  let found: readonly LogLine[] = [];
  await pWaitFor(
    async () => {
      found = await logs(grafana, query, hours);
      return found.length >= least;
    },
    {
      interval: 500,
      timeout: { milliseconds: 60_000, message: `${query}: found ${found.length} of ${least} line(s)` },
    },
  );
  return found;
}

/** All lines of the last `hours` that a LogQL query finds now. */
export async function logs(grafana: GrafanaClient, query: string, hours = 1): Promise<readonly LogLine[]> {
  return grafana.logs(datasourceUid(parts.loki), query, Date.now() - hours * 3_600_000, Date.now() + 60_000, 5000);
}
