import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { programOf } from "./support/example-program.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const markdown = read("docs/first-service.md");

function blocks(language: string, page = markdown): readonly string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(([, text = ""]) => text);
}

/** What runs each command of the page, by its beginning, and how it is called there. */
const runBy: readonly (readonly [beginning: string, file: string, call: string])[] = [
  ["npm ci", "test/e2e/1-first-run.e2e.ts", '"ci"'],
  ["npm run up", "test/e2e/support/workspace.ts", '"run", "up"'],
  ["npm run open", "test/e2e/kubernetes/1-lifecycle.e2e.ts", "Open.start(workspace)"],
  ["npm run verify", "test/e2e/kubernetes/1-lifecycle.e2e.ts", '"verify", "--", "--service"'],
  ["npm run why", "test/e2e/9-own-code.e2e.ts", '"why"'],
  ["export OTEL_", "test/e2e/1-first-run.e2e.ts", "process on this machine"],
  ["npm pack", "packages/shared/test/packed-package.ts", '"pack"'],
  ["mkdir ../shop && cd ../shop", "packages/shared/test/packed-package.ts", "mkdtempSync"],
  ["pulumi new", "test/e2e/9-package.e2e.ts", '"new", template, "--generate-only"'],
  ["npm install ../", "packages/shared/test/packed-package.ts", "unpackFor"],
  ["pulumi up", "test/e2e/9-package.e2e.ts", '"up", "--yes"'],
];

describe("docs/first-service.md", () => {
  it("has no command that no test runs", () => {
    const lines = blocks("sh").flatMap((block) => block.trim().split("\n"));
    const unknown = lines.filter((line) => !runBy.some(([beginning]) => line.startsWith(beginning)));
    assert.deepEqual(unknown, []);
    for (const [beginning, file, call] of runBy) {
      assert.ok(
        lines.some((line) => line.startsWith(beginning)),
        beginning,
      );
      assert.ok(read(file).includes(call), `${file}: ${call}`);
    }
  });

  it("names the scripts and the template that there are, and the package's own version", () => {
    const { scripts, version } = JSON.parse(read("package.json")) as { scripts: object; version: string };
    for (const [, script = ""] of markdown.matchAll(/npm run (\w+)/g)) assert.ok(script in scripts, script);
    assert.ok(markdown.includes(`observability-stack-${version}.tgz`));
    assert.ok(read("templates/observability-typescript/Pulumi.yaml").length > 0);
  });

  it("sets the variables that the README has, which a process of the tests sets", () => {
    const exported = (page: string): readonly string[] =>
      blocks("sh", page).filter((block) => block.startsWith("export OTEL_"));
    assert.deepEqual(exported(markdown), exported(read("README.md")));
  });

  it("has a service that can be put at the end of the program", async () => {
    const [code = ""] = blocks("ts");
    const stack =
      'import { InstrumentedService, ObservabilityStack } from "./components/index.ts";\n' +
      'const stack = new ObservabilityStack("observability");\n';
    const { resources } = await programOf(`${stack}${code}`);
    const { inputs } =
      resources.find(({ name, custom }) => custom && name === "observability-checkout") ?? assert.fail();
    assert.deepEqual(inputs["ports"], [{ internal: 8080, external: 8085, ip: "127.0.0.1", protocol: "tcp" }]);
  });
});
