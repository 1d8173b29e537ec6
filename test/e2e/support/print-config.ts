import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./run.ts";

/**
 * The configuration that the Collector would run with these files, by its own `print-config`, with every default of its
 * components; `undefined` if it cannot read them.
 */
export async function printedConfig(image: string, files: readonly string[]): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), "observability-print-"));
  try {
    chmodSync(folder, 0o755);
    const args = files.flatMap((content, index) => {
      writeFileSync(join(folder, `${index}.yaml`), content);
      return ["--config", `/given/${index}.yaml`];
    });
    const ended = await run("docker", [
      ...["run", "--rm", "--network", "none", "--volume", `${folder}:/given:ro`, image],
      // What a hostile value leaves out elsewhere is not the question.
      ...["print-config", "--mode", "unredacted", "--format", "json", "--validate=false", ...args],
    ]);
    return ended.code === 0 ? (JSON.parse(ended.stdout) as unknown) : undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
