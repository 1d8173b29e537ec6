import type { StackSettings } from "../config/settings-and-defaults.ts";

/** A query of the guide as a reader copies it. */
export type DocumentedQuery = {
  readonly page: string;
  /** Whether a stack with the example running answers with at least one row. */
  readonly expectsRows: boolean;
  readonly text: string;
} & (
  | { readonly language: "logql" | "promql" }
  | {
      /** A GET of one of the stack's own HTTP APIs, written as `curl`. */
      readonly language: "http";
      readonly backend: HttpBackend;
      readonly path: string;
      /** What `grep` looks for in the answer. */
      readonly pattern: string | undefined;
    }
);

/** Where the guide sends `curl`. */
export type HttpBackend = "grafana" | "loki" | "victoriaMetrics" | "jaeger";

/** The words before a block whose query finds nothing as long as nothing is wrong. */
const quiet = /empty when all is well:$/i;

/**
 * Every query of a page. A block of `logql` or `promql` is one query. In a block of `sh` every line that begins with
 * `curl` is one, unless it sends something (`-d`).
 *
 * @param hostPorts ports on the user's machine, as the page has them.
 * @throws Error if a `curl` goes anywhere else.
 */
export function documentedQueries(
  markdown: string,
  page: string,
  hostPorts: StackSettings["ports"],
): readonly DocumentedQuery[] {
  return blocks(markdown).flatMap(({ language, content, before }): DocumentedQuery[] => {
    const common = { page, expectsRows: !quiet.test(before) };
    if (language === "logql" || language === "promql") return [{ ...common, language, text: content }];
    return shellLines(language, content)
      .filter((line) => line.startsWith("curl ") && !line.includes(" -d "))
      .map((line) => ({ ...common, ...httpQuery(line, page, hostPorts) }));
  });
}

/** Every line of a page's `sh` blocks that begins with `docker`. */
export function documentedCommands(markdown: string): readonly string[] {
  return blocks(markdown)
    .flatMap(({ language, content }) => shellLines(language, content))
    .filter((line) => line.startsWith("docker "));
}

interface Block {
  readonly language: string;
  readonly content: string;
  /** The text right before it, on one line. */
  readonly before: string;
}

function blocks(markdown: string): readonly Block[] {
  // A block inside a list is indented.
  const fenced = /^( *)```(\w+)\n([\s\S]*?)^\1```$/gm;
  return [...markdown.matchAll(fenced)].map(({ 1: indent = "", 2: language = "", 3: content = "", index }) => ({
    language,
    content: content.replaceAll(new RegExp(`^${indent}`, "gm"), "").trim(),
    before: (markdown.slice(0, index).trimEnd().split("\n\n").at(-1) ?? "").replace(/\s+/g, " "),
  }));
}

function shellLines(language: string, content: string): readonly string[] {
  return language === "sh" ? content.replace(/\\\n\s*/g, "").split("\n") : [];
}

function httpQuery(line: string, page: string, hostPorts: StackSettings["ports"]): HttpQuery {
  const match = /^curl -s '?http:\/\/127\.0\.0\.1:(\d+)\/([^\s']*)'?(?: \| grep (?:-E )?'?([^']+?)'?)?$/.exec(line);
  const backends: readonly HttpBackend[] = ["grafana", "loki", "victoriaMetrics", "jaeger"];
  const backend = backends.find((name) => String(hostPorts[name]) === match?.[1]);
  if (match === null || backend === undefined) {
    throw new Error(
      `${page}: curl must be \`curl -s http://127.0.0.1:<port of ${backends.join(", ")}>/…\`, with \`| grep\` or without, got ${line}`,
    );
  }
  return { language: "http", text: line, backend, path: match[2] ?? "", pattern: match[3] };
}

type HttpQuery = Pick<
  Extract<DocumentedQuery, { language: "http" }>,
  "language" | "text" | "backend" | "path" | "pattern"
>;
