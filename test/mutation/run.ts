import { execFile } from "node:child_process";
import { join } from "node:path";
import { z } from "zod";
import { mutants, mutantVariable, type Mutant } from "./mutants.ts";

/*
 * Shows that the contract suite sees every field of a workload: each mutant makes a platform lose one field in one
 * place, and the suite has to fail in the test that is named after this very field.
 */

const root = join(import.meta.dirname, "..", "..");
const parallel = 2;

const report = z.object({
  stats: z.object({ tests: z.number(), passes: z.number() }),
  failures: z.array(z.object({ title: z.string(), fullTitle: z.string(), err: z.object({ message: z.string() }) })),
});

/** Outcome of the contract suite. */
type Report = z.output<typeof report>;

function runContractSuite(mutant: Mutant | undefined): Promise<Report> {
  const args = [
    "--import",
    join(import.meta.dirname, "hook.ts"),
    join(root, "node_modules", "mocha", "bin", "mocha.js"),
    ...["--no-config", "--reporter", "json", "test/components/platform/contract.test.ts"],
    // The other platform is as it was.
    ...(mutant === undefined ? [] : ["--fgrep", ` on ${mutant.platform} `]),
  ];
  const env = { ...process.env, ...(mutant === undefined ? {} : { [mutantVariable]: JSON.stringify(mutant) }) };
  return new Promise((resolve, reject) => {
    // The exit code is the number of failures; what counts is the report.
    execFile(process.execPath, args, { cwd: root, env, maxBuffer: 64 * 1024 * 1024 }, (_error, stdout, stderr) => {
      const start = stdout.indexOf("{");
      if (start < 0) reject(new Error(`the contract suite did not run:\n${stdout}${stderr}`));
      else resolve(report.parse(JSON.parse(stdout.slice(start))));
    });
  });
}

/** The failure that names the field; `undefined` if the mutant went unseen or was seen by another field's test only. */
function failureNaming(field: string, { failures }: Report): Report["failures"][number] | undefined {
  return failures.find(({ title }) => title === `honours ${field}` || title.startsWith(`honours ${field} `));
}

async function main(): Promise<number> {
  const unchanged = await runContractSuite(undefined);
  if (unchanged.stats.passes === 0 || unchanged.failures.length > 0) {
    process.stdout.write(`the unchanged platform must pass, got ${unchanged.failures.length} failure(s)\n`);
    return 1;
  }
  process.stdout.write(`unchanged: ${unchanged.stats.passes} tests pass\n\n`);
  const results = new Map<Mutant, Report>();
  const waiting = mutants.values();
  const work = async (): Promise<void> => {
    for (const mutant of waiting) results.set(mutant, await runContractSuite(mutant));
  };
  await Promise.all(Array.from({ length: parallel }, work));
  const rows = mutants.map((mutant) => row(mutant, results.get(mutant)));
  process.stdout.write(`${rows.map(({ text }) => text).join("\n")}\n\n`);
  const survivors = rows.filter(({ isCaught }) => !isCaught).length;
  process.stdout.write(`${mutants.length} mutants, ${survivors} not caught\n`);
  return survivors === 0 ? 0 : 1;
}

function row(
  { platform, field, place }: Mutant,
  result: Report | undefined,
): { readonly text: string; readonly isCaught: boolean } {
  const failure = result === undefined ? undefined : failureNaming(field, result);
  const what = `${platform.padEnd(11)} ${field.padEnd(17)} ${place.padEnd(10)}`;
  if (failure === undefined) return { text: `${what} NOT CAUGHT`, isCaught: false };
  const how = failure.err.message.startsWith("Expected values") ? "caught " : "refused";
  return { text: `${what} ${how}     ${failure.fullTitle}`, isCaught: true };
}

process.exitCode = await main();
