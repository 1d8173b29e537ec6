import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { StackOutputs } from "../../../cli/outputs.ts";
import { parseSettings } from "../../../config/parse-settings.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const guarantees = readFileSync(join(root, "docs", "guarantees.md"), "utf8");

function blocks(language: string): readonly string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(
    ([, text]) => text ?? "",
  );
}

/** The LogQL queries of the README, one a line. */
export const readmeQueries: readonly string[] = blocks("logql").flatMap((block) => block.trim().split("\n"));

/** Paths of Loki in the list of requests that stay open, in docs/guarantees.md. */
export const openRequests: readonly string[] = [
  ...(/^## Safety\n([\s\S]*)/m.exec(guarantees)?.[1] ?? "").matchAll(/^\| `(\/[^`]+)`/gm),
].flatMap(([, path]) => path ?? []);

/** The README's `curl` commands, with the addresses of a stack in place of the default ones. */
export function readmeCurls({ urls }: StackOutputs): readonly string[] {
  const { ports } = parseSettings({}, { project: "observability", stack: "dev" });
  const addresses = [
    [8080, urls.api],
    [ports.otlpHttp, urls.otlpHttp],
  ] as const;
  return blocks("sh")
    .filter((block) => block.startsWith("curl "))
    .map((block) =>
      addresses.reduce((text, [port, url]) => text.replace(`http://127.0.0.1:${port}`, url ?? ""), block),
    );
}
