import { listedPorts, parts } from "../config/parts/parts.ts";
import type { StackOutputs } from "./outputs.ts";
import type { Target } from "./target.ts";

/** A line for each address of a stack: name, address, and what it is for. */
export function urlLines(urls: StackOutputs["urls"], grafanaUser: string, target: Target): string[] {
  const login = `user ${grafanaUser}, password: npm run password`;
  const entries: readonly (readonly [name: string, url: string | undefined, purpose: string])[] = [
    ...listedPorts.flatMap(({ host, setting, title, purpose }) =>
      host === parts.grafana.host
        ? [[title, urls[setting], login] as const, ...target.furtherUrls]
        : [[title, urls[setting], purpose] as const],
    ),
    ["Example API", urls.api, "the example services"],
  ];
  return entries.flatMap(([name, url, purpose]) =>
    url === undefined ? [] : [`  ${name.padEnd(16)} ${url.padEnd(24)} ${purpose}`],
  );
}
