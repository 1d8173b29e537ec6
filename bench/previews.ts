/**
 * How long a preview without an engine takes for a stack with so many services, on both targets, each in turn in one process.
 * The slope is what each further service costs.
 * Needs nothing that is deployed: `npm run bench:previews`.
 */
import { InstrumentedService, ObservabilityStack } from "../components/index.ts";
import { previewProgram } from "../components/testing.ts";
import { inTurn } from "./rounds.ts";
import { median, spread } from "./statistics.ts";

const rounds = 7;
const counts = [0, 1, 10, 50, 200];
const image = "example/service:1.0.0";

async function milliseconds(target: "docker" | "kubernetes", services: number): Promise<number> {
  const started = performance.now();
  await previewProgram(
    () => {
      const stack = new ObservabilityStack("observability", { target, kubernetes: { context: "bench" } });
      for (let index = 0; index < services; index += 1) {
        new InstrumentedService(`service-${index}`, { stack, image, ports: [{ name: "http", port: 8080 }] });
      }
    },
    { project: "observability", stack: "bench" },
  );
  return performance.now() - started;
}

process.stdout.write("| target | services | preview, ms | ms for each service |\n| --- | --- | --- | --- |\n");
for (const target of ["docker", "kubernetes"] as const) {
  const measured = counts.map((count) => [`${count}`, () => milliseconds(target, count)] as const);
  const times = await inTurn(rounds, Object.fromEntries(measured));
  const without = median(times.get("0") ?? []);
  for (const [count, each] of times) {
    const slope = count === "0" ? "–" : ((median(each) - without) / Number(count)).toFixed(2);
    process.stdout.write(`| ${target} | ${count} | ${spread(each)} | ${slope} |\n`);
  }
}
