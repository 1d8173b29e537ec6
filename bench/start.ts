/**
 * How long Pulumi takes to find that nothing has changed, against a program that has nothing, in turn in one run; and
 * the same for a preview against mocks, without an engine.
 * Needs a deployed stack: `npm run up`, then `npm run bench:start`.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { pulumiCli } from "../cli/pulumi-cli.ts";
import { localEnvironment } from "../cli/pulumi-stack.ts";
import { projectFolder } from "../cli/project.ts";
import { median, spread } from "./statistics.ts";

const run = promisify(execFile);
const rounds = 7;

/** A Pulumi project with the same settings and not one resource. */
function emptyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), "empty-program-"));
  writeFileSync(join(folder, "package.json"), '{ "name": "empty", "type": "module", "main": "index.ts" }');
  writeFileSync(join(folder, "index.ts"), 'import "@pulumi/pulumi";\n');
  writeFileSync(
    join(folder, "Pulumi.yaml"),
    "name: empty\nmain: index.ts\nruntime: { name: nodejs, options: { typescript: false } }\nbackend: { url: 'file://.' }\n",
  );
  symlinkSync(join(projectFolder, "node_modules"), join(folder, "node_modules"));
  return folder;
}

async function seconds(command: string, args: readonly string[], cwd: string): Promise<number> {
  const started = performance.now();
  await run(command, args, { cwd, env: { ...process.env, ...localEnvironment() } });
  return (performance.now() - started) / 1000;
}

async function paired(label: string, ours: () => Promise<number>, empty: () => Promise<number>): Promise<void> {
  await ours();
  await empty();
  const a: number[] = [];
  const b: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    a.push(await ours());
    b.push(await empty());
  }
  const ratios = a.map((value, index) => value / (b[index] ?? Number.NaN));
  process.stdout.write(
    `${label}: ${spread(a)} s, empty program ${spread(b)} s, ratio ${median(ratios).toFixed(2)} (${rounds} pairs)\n`,
  );
}

await pulumiCli();
const folder = emptyProject();
try {
  await run("pulumi", ["stack", "init", "bench"], { cwd: folder, env: { ...process.env, ...localEnvironment() } });
  const up = (stack: string): readonly string[] => ["up", "--yes", "--skip-preview", "--stack", stack];
  await paired(
    "pulumi up, no change",
    () => seconds("pulumi", up("dev"), projectFolder),
    () => seconds("pulumi", up("bench"), folder),
  );
  const preview = (program: string): readonly string[] => [join(projectFolder, "bench", "mock-preview.ts"), program];
  await paired(
    "preview against mocks",
    () => seconds("node", preview(join(projectFolder, "index.ts")), projectFolder),
    () => seconds("node", preview(join(folder, "index.ts")), projectFolder),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
