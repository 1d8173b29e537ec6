import { stackPortList } from "../config/parts/parts.ts";
import type { StackOutputs } from "./outputs.ts";
import type { Target } from "./target.ts";

/** A line for each address of a stack: name, address, and what it is for. First what a person opens, Grafana before all. */
export function urlLines(urls: StackOutputs["urls"], grafanaUser: string, target: Target): string[] {
  const opened = stackPortList.filter(({ isOpened }) => isOpened).toReversed();
  const others = stackPortList.filter(({ isOpened }) => !isOpened);
  const [first, ...ports] = [...opened, ...others].map(
    ({ setting, title, purpose }) => [title, urls[setting], purpose] as const,
  );
  const login = `user ${grafanaUser}, password: npm run password`;
  const entries: readonly (readonly [name: string, url: string | undefined, purpose: string])[] = [
    ...(first === undefined ? [] : [[first[0], first[1], login] as const]),
    ...target.furtherUrls,
    ...ports,
    ["Example API", urls.api, "the example services"],
  ];
  return entries.flatMap(([name, url, purpose]) =>
    url === undefined ? [] : [`  ${name.padEnd(16)} ${url.padEnd(24)} ${purpose}`],
  );
}
