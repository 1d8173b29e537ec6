import { basename } from "node:path";
import { cpus, release, totalmem, type } from "node:os";
import type { PreviewResource } from "../components/testing.ts";
import { plannedContainer } from "./planned-container.ts";
import { workloads } from "./stack-containers.ts";

/** Where numbers come from, as a line: the machine, the images and the command. @param resources of the preview of a stack */
export function provenance(resources: readonly PreviewResource[]): string {
  const [, script = "", ...options] = process.argv;
  const command = [`npm run bench:${basename(script, ".ts")}`, ...(options.length > 0 ? ["--", ...options] : [])];
  const images = workloads.map((workload) => plannedContainer(resources, workload).image);
  const machine = `${cpus().length} cores, ${Math.round(totalmem() / 1024 ** 3)} GiB, ${type()} ${release()}`;
  return `${machine}; ${images.join(", ")}; \`${command.join(" ")}\``;
}
