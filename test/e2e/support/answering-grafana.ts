import pWaitFor from "p-wait-for";
import { GrafanaClient } from "../../../cli/grafana-client.ts";

/** The Grafana of a stack that plain `pulumi up` has deployed, which ends before Grafana answers. */
export async function answeringGrafana(url: string, password: string): Promise<GrafanaClient> {
  const answers = (): Promise<boolean> =>
    fetch(`${url}/api/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  await pWaitFor(answers, { interval: 500, timeout: 60_000 });
  return new GrafanaClient(url, "admin", password);
}
