import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { recordProgram, type RecordedProgram } from "../../support/record-resources.ts";
import { noDocker } from "../../support/settings.ts";

const root = join(import.meta.dirname, "..", "..", "..");

let programs = 0;

/** Runs a program as the file beside Pulumi.yaml that it would be. */
export function programOf(code: string): Promise<RecordedProgram> {
  programs += 1;
  const program = join(root, `.program-example-${process.pid}-${programs}.ts`);
  // No test depends on the machine's own Docker.
  writeFileSync(program, code.replace('("observability")', `("observability", { docker: { host: "${noDocker}" } })`));
  return recordProgram(() => import(pathToFileURL(program).href)).finally(() => {
    rmSync(program);
  });
}
