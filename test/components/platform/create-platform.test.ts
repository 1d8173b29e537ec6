import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const program = join(import.meta.dirname, "..", "..", "fixtures", "undeclared-workload.ts");

/** How the program ends whose settings are about a workload, and what it says. */
function run(
  workload: string,
  env: Readonly<Record<string, string>>,
): { readonly code: number | null; readonly said: string } {
  const { status, stderr } = spawnSync(process.execPath, [program, workload], {
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  return { code: status, said: stderr };
}

const engine = { PULUMI_NODEJS_ENGINE: "127.0.0.1:1" };

describe("a program that an engine runs", function () {
  this.timeout(60_000);

  it("fails when it is through, if the settings are about a workload that it has not declared", () => {
    const { code, said } = run("lokii", engine);
    assert.notEqual(code, 0);
    assert.ok(
      said.includes(
        "kubernetes.resources.lokii: must be for a workload of the program, by its host name, got a group; did you mean loki? (OBS1004)\n",
      ),
      said,
    );
  });

  it("ends well if it has", () => {
    assert.deepEqual(run("loki", engine), { code: 0, said: "" });
  });
});
