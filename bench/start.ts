/**
 * How long Pulumi takes to find that nothing has changed, against a program that has nothing and one that has one volume, in turn
 * in one run; and a preview against mocks, without an engine, against an empty one.
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
import { inTurn } from "./rounds.ts";
import { median, spread } from "./statistics.ts";

const run = promisify(execFile);
const rounds = 7;

/** A Pulumi project with the same settings and another program. */
function project(name: string, program: string): string {
  const folder = mkdtempSync(join(tmpdir(), `${name}-program-`));
  writeFileSync(join(folder, "package.json"), `{ "name": "${name}", "type": "module", "main": "index.ts" }`);
  writeFileSync(join(folder, "index.ts"), program);
  writeFileSync(
    join(folder, "Pulumi.yaml"),
    `name: ${name}\nmain: index.ts\nruntime: { name: nodejs, options: { typescript: false } }\nbackend: { url: 'file://.' }\n`,
  );
  symlinkSync(join(projectFolder, "node_modules"), join(folder, "node_modules"));
  return folder;
}

async function seconds(command: string, args: readonly string[], cwd: string): Promise<number> {
  const started = performance.now();
  await run(command, args, { cwd, env: { ...process.env, ...localEnvironment() } });
  return (performance.now() - started) / 1000;
}

/** Each in turn. The first is ours, and how many times longer it takes than each of the others is said. */
async function compare(label: string, programs: Readonly<Record<string, () => Promise<number>>>): Promise<void> {
  const times = await inTurn(rounds, programs);
  const [[, ours] = ["", []]] = times;
  process.stdout.write(`${label}, ${rounds} rounds\n`);
  for (const [name, each] of times) {
    const ratio = median(ours.map((value, index) => value / (each[index] ?? Number.NaN)));
    process.stdout.write(`  ${name}: ${spread(each)} s${each === ours ? "" : `, ratio ${ratio.toFixed(2)}`}\n`);
  }
}

await pulumiCli();
const empty = project("empty", 'import "@pulumi/pulumi";\n');
const volume = project("one", 'import { Volume } from "@pulumi/docker";\nnew Volume("observability-bench-start");\n');
const others = [empty, volume];
const pulumi = (cwd: string, ...args: readonly string[]): Promise<number> => seconds("pulumi", args, cwd);
try {
  for (const folder of others) await pulumi(folder, "stack", "init", "bench");
  const up = (cwd: string, stack: string) => (): Promise<number> =>
    pulumi(cwd, "up", "--yes", "--skip-preview", "--stack", stack);
  await compare("pulumi up, no change", {
    "this program": up(projectFolder, "dev"),
    "one volume": up(volume, "bench"),
    "an empty program": up(empty, "bench"),
  });
  const preview = (program: string) => (): Promise<number> =>
    seconds("node", [join(projectFolder, "bench", "mock-preview.ts"), join(program, "index.ts")], projectFolder);
  await compare("preview against mocks", {
    "this program": preview(projectFolder),
    "an empty program": preview(empty),
  });
} finally {
  await pulumi(volume, "destroy", "--yes", "--stack", "bench");
  for (const folder of others) rmSync(folder, { recursive: true, force: true });
}
