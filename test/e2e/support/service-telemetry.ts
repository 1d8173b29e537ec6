import pWaitFor from "p-wait-for";
import type { StackOutputs } from "../../../cli/outputs.ts";

/** What Jaeger answers about a service, as soon as it has a span of a server. */
export async function tracesOf({ urls }: StackOutputs, service: string): Promise<string> {
  return eventually(`${urls.jaeger ?? ""}/api/traces?service=${service}`, "server");
}

/** The names of a service's metrics as VictoriaMetrics answers them, as soon as those of a server are there. */
export async function metricsOf({ urls }: StackOutputs, service: string): Promise<string> {
  const parameters = new URLSearchParams({ "match[]": `{service_name="${service}"}` });
  return eventually(`${urls.victoriaMetrics ?? ""}/api/v1/label/__name__/values?${parameters.toString()}`, "server");
}

/** What an address answers once a word is in it; after a minute without it, what it answered last. */
async function eventually(address: string, word: string): Promise<string> {
  let text = "";
  await pWaitFor(
    async () => {
      text = await (await fetch(address)).text();
      return text.includes(word);
    },
    { interval: 1000, timeout: 60_000 },
  ).catch(() => undefined);
  return text;
}
