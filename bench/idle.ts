/**
 * What the parts take of the processor while no service sends them anything, health checks, alert rules and the canary
 * included: five minutes of
 * what Docker counts for each container.
 * Needs a deployed stack without the example (`exampleServices: false`): `npm run up`, then `npm run bench:idle`
 * (`-- --minutes 1` for a short look).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { deployedOutputs } from "../cli/outputs.ts";
import { withStack } from "../cli/pulumi-stack.ts";
import { usedNanos } from "./containers.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "5" }, stack: { type: "string", default: "dev" } },
});
const minutes = Number(values.minutes);

const outputs = deployedOutputs(await withStack(values.stack, (stack) => stack.outputs()));
const names = outputs.instances.map(({ name }) => name);
const before = await Promise.all(names.map(usedNanos));
const startedMillis = performance.now();
await sleep(minutes * 60_000);
const after = await Promise.all(names.map(usedNanos));
const elapsedNanos = (performance.now() - startedMillis) * 1e6;

const shares = after.map((nanos, index) => ((nanos - (before[index] ?? 0)) / elapsedNanos) * 100);
process.stdout.write("| container | % of one core |\n|---|---|\n");
for (const [index, name] of names.entries()) {
  process.stdout.write(`| ${name} | ${(shares[index] ?? Number.NaN).toFixed(2)} |\n`);
}
process.stdout.write(`| together | ${shares.reduce((sum, share) => sum + share, 0).toFixed(2)} |\n`);
