import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";

/*
 * A sixth part in a temporary copy of this repository: a file and a line. There the documents are written, the checks and
 * the unit tests run, and each place that follows from the list of parts is asked for it. What cannot know of parts is
 * left out of the copy's run: the tests of packages/telemetry and services, which import nothing of config/.
 */

const root = join(import.meta.dirname, "..", "..");
const partFile = "config/parts/trace-archive.ts";
const listFile = "config/parts/parts.ts";

/** What git does not have and the copy needs: what `npm ci` has installed, and built. */
const installed = ["node_modules", "packages/telemetry/node_modules"];
const built = ["services/dist", "packages/telemetry/dist", "instrumentation/dist"];

let copy = "";

interface Ended {
  readonly code: number;
  readonly output: string;
}

function run(command: string, args: readonly string[], folder = copy): Promise<Ended> {
  const tools = join(root, "node_modules", ".bin");
  const env = { ...process.env, PATH: `${tools}:${process.env["PATH"] ?? ""}` };
  return new Promise((resolve) => {
    execFile(command, args, { cwd: folder, env, maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: `${stdout}${stderr}` });
    });
  });
}

async function succeeds(command: string, ...args: readonly string[]): Promise<string> {
  const { code, output } = await run(command, args);
  assert.equal(code, 0, output);
  return output;
}

function edit(path: string, from: string, to: string): void {
  const text = readFileSync(join(copy, path), "utf8");
  assert.equal(text.split(from).length, 2, `${path}: must have ${from} once`);
  writeFileSync(join(copy, path), text.replace(from, to));
}

/** What differs from this repository: lines that were added or removed, by file. */
async function changed(): Promise<Readonly<Record<string, number>>> {
  await succeeds("git", "add", "--all");
  const lines = (await succeeds("git", "diff", "--cached", "--numstat")).trim().split("\n");
  return Object.fromEntries(
    lines.map((line) => {
      const [added, removed, path = ""] = line.split("\t");
      return [path, Number(added) + Number(removed)];
    }),
  );
}

const report = z.object({ failures: z.array(z.object({ title: z.string() })), passes: z.array(z.unknown()) });

/** Places that the new part is not in. */
async function missingFrom(): Promise<readonly string[]> {
  const { output } = await run("mocha", [
    "--no-config",
    "--reporter",
    "json",
    "--timeout",
    "60000",
    "test/sixth-part/places.ts",
  ]);
  const { failures, passes } = report.parse(JSON.parse(output.slice(output.indexOf("{"))));
  assert.ok(failures.length + passes.length > 20, output);
  return failures.map(({ title }) => title);
}

describe("a sixth part in a copy of the repository", () => {
  before(async () => {
    copy = mkdtempSync(join(tmpdir(), "sixth-part-"));
    const { output } = await run("git", ["ls-files", "-z"], root);
    for (const path of output.split("\0")) {
      if (path === "" || !existsSync(join(root, path))) continue;
      mkdirSync(dirname(join(copy, path)), { recursive: true });
      copyFileSync(join(root, path), join(copy, path));
    }
    for (const folder of built) cpSync(join(root, folder), join(copy, folder), { recursive: true });
    for (const folder of installed) symlinkSync(join(root, folder), join(copy, folder));
    await succeeds("git", "init", "--quiet");
    await succeeds("git", "add", "--all");
    await succeeds(
      "git",
      "-c",
      "user.name=test",
      "-c",
      "user.email=test@example.com",
      "commit",
      "--quiet",
      "--message",
      "before",
    );
    copyFileSync(join(import.meta.dirname, "trace-archive.txt"), join(copy, partFile));
    edit(
      listFile,
      "import { victoriaMetrics",
      'import { traceArchive } from "./trace-archive.ts";\nimport { victoriaMetrics',
    );
    edit(listFile, "jaeger, otelCollector,", "jaeger, traceArchive, otelCollector,");
  });
  after(() => {
    rmSync(copy, { recursive: true, force: true });
  });

  it("is two files and at most 80 lines of the product, and no line of the tests", async () => {
    const lines = await changed();
    assert.deepEqual(Object.keys(lines).sort(), [listFile, partFile]);
    const sum = Object.values(lines).reduce((a, b) => a + b, 0);
    assert.ok(sum <= 80, `${sum} lines`);
  });

  it("changes nothing beside what `npm run docs` and `npm run package:schema` write", async () => {
    await succeeds("node", "generators/write.ts");
    await succeeds("node", "test/component/write-schema.ts");
    const others = Object.keys(await changed()).filter((path) => path !== listFile && path !== partFile);
    assert.deepEqual(
      others.filter(
        (path) =>
          !/^(README\.md|Pulumi\.yaml|config\/stack-settings\.schema\.json|docs\/.*\.md|packages\/component\/(settings\.ts|schema\.json))$/.test(
            path,
          ),
      ),
      [],
    );
  });

  it("is in each place that follows from the list of parts", async () => {
    assert.deepEqual(await missingFrom(), []);
  });

  it("would be missed in a place that leaves it out", async () => {
    const path = "cli/urls.ts";
    const before = readFileSync(join(copy, path), "utf8");
    edit(path, "...listedPorts.flatMap(", '...listedPorts.filter(({ host }) => host !== "trace-archive").flatMap(');
    assert.deepEqual(await missingFrom(), [
      "the addresses of the stack, the outputs, and the list that `npm run up` prints",
    ]);
    writeFileSync(join(copy, path), before);
  });

  it("is held to the rules about imports", async () => {
    const text = readFileSync(join(copy, partFile), "utf8");
    writeFileSync(join(copy, partFile), `import "./jaeger.ts";\n${text}`);
    const { code, output } = await run("depcruise", ["config"]);
    writeFileSync(join(copy, partFile), text);
    assert.notEqual(code, 0);
    assert.match(output, /parts-know-no-other-part: config\/parts\/trace-archive\.ts → config\/parts\/jaeger\.ts/);
  });

  it("passes what `npm run check` asks for", () => succeeds("npm", "run", "--silent", "check"));

  it("passes the unit tests", async () => {
    const options = ["--no-config", "--node-option", "conditions=@observability/source", "--timeout", "60000"];
    const output = await succeeds("mocha", ...options, "--forbid-only", "--forbid-pending", "test/**/*.test.ts");
    assert.match(output, /^ +\d{4} passing/m);
  });
});
