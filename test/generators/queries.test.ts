import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parser as logqlParser } from "@grafana/lezer-logql";
import { parser as promqlParser } from "@prometheus-io/lezer-promql";
import { documentedStack } from "../../generators/documented-stack.ts";
import { guidePages } from "../../generators/guide.ts";
import { documentedCommands, documentedQueries } from "../../generators/queries.ts";

const { ports } = documentedStack().settings;

describe("the queries of a page", () => {
  it("are its blocks of LogQL and PromQL, one query each, inside lists as well", () => {
    const markdown = [
      "Errors:",
      "",
      "```logql",
      '{a="b"}',
      "```",
      "",
      "1. Look:",
      "",
      "   ```promql",
      "   sum by (x) (",
      "     y",
      "   )",
      "   ```",
      "",
      "```yaml",
      "a: b",
      "```",
      "",
    ].join("\n");
    assert.deepEqual(documentedQueries(markdown, "page.md", ports), [
      { page: "page.md", expectsRows: true, language: "logql", text: '{a="b"}' },
      { page: "page.md", expectsRows: true, language: "promql", text: "sum by (x) (\n  y\n)" },
    ]);
  });

  it("may find nothing if the text right before says so", () => {
    const markdown = "Lost lines. Empty when\nall is well:\n\n```logql\na\n```\n\nOthers:\n\n```logql\nb\n```\n";
    assert.deepEqual(
      documentedQueries(markdown, "page.md", ports).map(({ text, expectsRows }) => [text, expectsRows]),
      [
        ["a", false],
        ["b", true],
      ],
    );
  });

  it("are its lines of curl as well, with what is looked for in the answer", () => {
    const markdown =
      "```sh\ncurl -s http://127.0.0.1:3100/metrics | grep ^loki_x\ncurl -s 'http://127.0.0.1:16686/api/traces?a=b&c=d'\n```\n";
    assert.deepEqual(
      documentedQueries(markdown, "page.md", ports).map((query) =>
        query.language === "http" ? [query.backend, query.path, query.pattern] : [],
      ),
      [
        ["loki", "metrics", "^loki_x"],
        ["jaeger", "api/traces?a=b&c=d", undefined],
      ],
    );
  });

  it("are not what sends something", () => {
    assert.deepEqual(
      documentedQueries("```sh\ncurl -s http://127.0.0.1:8080/x \\\n  -d '{}'\n```\n", "page.md", ports),
      [],
    );
  });

  it("go to the stack and nowhere else", () => {
    for (const line of [
      "curl -s http://127.0.0.1:9999/x",
      "curl -s https://example.com/",
      "curl http://127.0.0.1:3100/",
    ]) {
      assert.throws(() => documentedQueries(`\`\`\`sh\n${line}\n\`\`\`\n`, "page.md", ports), {
        message: `page.md: curl must be \`curl -s http://127.0.0.1:<port of grafana, loki, victoriaMetrics, jaeger>/…\`, with \`| grep\` or without, got ${line}`,
      });
    }
  });
});

describe("the commands of a page", () => {
  it("are the lines of its shell blocks that begin with docker", () => {
    const markdown = "```sh\ndocker logs a \\\n  b\nnpm run up\n```\n\n```text\ndocker rm x\n```\n";
    assert.deepEqual(documentedCommands(markdown), ["docker logs a b"]);
  });
});

describe("the queries of the guide", () => {
  const queries = guidePages.flatMap((page) =>
    documentedQueries(readFileSync(join(import.meta.dirname, "..", "..", page), "utf8"), page, ports),
  );

  it("are there on every page", () => {
    assert.deepEqual(
      guidePages.filter((page) => !queries.some((query) => query.page === page)),
      [],
    );
  });

  it("have no syntax errors", () => {
    const parsers = { logql: logqlParser, promql: promqlParser };
    const wrong: string[] = [];
    for (const { page, language, text } of queries) {
      if (language === "http") continue;
      parsers[language].parse(text).iterate({
        enter: ({ type, from }) => {
          if (type.isError) wrong.push(`${page}: ${text}, at ${from}`);
        },
      });
    }
    assert.deepEqual(wrong, []);
  });
});
