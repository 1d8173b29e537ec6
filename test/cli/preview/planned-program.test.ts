import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { decisionBasis } from "../../../cli/preview/planned-program.ts";
import { previewProgram } from "../../../components/preview/preview-program.ts";

const run = promisify(execFile);

/** What is wrong with the program, which one process can run once. */
async function problemOf(config: Readonly<Record<string, string>>): Promise<unknown> {
  const planned = join(import.meta.dirname, "..", "..", "..", "cli", "preview", "planned-program.ts");
  const script = `
    const { plannedProgram } = await import(${JSON.stringify(planned)});
    const problem = await plannedProgram("shop", ${JSON.stringify(config)}, "npm run up").catch((error) => error);
    console.log(JSON.stringify([problem.constructor.name, problem.message]));`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script]);
  return JSON.parse(stdout);
}

describe("the program as a command sees it before a deployment", () => {
  it("is refused for what its settings alone do not show, with the file and the command to go on with", async function () {
    this.timeout(30_000);
    const resources = { checkout: { cpuRequestMillicores: 50 } };
    const [kind, message] = (await problemOf({
      "observability:target": "kubernetes",
      "observability:kubernetes": JSON.stringify({ context: "kind-a", resources }),
    })) as readonly [string, string];
    assert.equal(kind, "UserError");
    assert.match(message, /^kubernetes\.resources\.checkout: [^\n]+, got [^\n]+; [^\n]+\n {2}next: [^\n]+$/);
    assert.match(message, /\n {2}next: correct Pulumi\.shop\.yaml, then npm run up$/);
  });
});

describe("what decides what a deployment would do", () => {
  const urn = (name: string): string => `urn:pulumi:dev::shop::random:index/randomPassword:RandomPassword::${name}`;
  const resource = (name: string, id = "none") => ({
    urn: urn(name),
    type: "random:index/randomPassword:RandomPassword",
    id,
  });

  it("is the program, the state in any order, and the versions", async () => {
    const options = { project: "shop", stack: "dev" };
    const planned = await previewProgram(() => ({ answer: 42 }), options);
    const other = await previewProgram(() => ({ answer: 43 }), options);
    const state = [resource("a"), resource("b")];
    const machine = ["Node.js 22.23.3", "Pulumi 3.265.0"];
    const basis = decisionBasis(planned, state, machine);
    assert.equal(decisionBasis(planned, state.toReversed(), machine), basis);
    const others = [
      decisionBasis(other, state, machine),
      decisionBasis(planned, [resource("a"), resource("b", "changed")], machine),
      decisionBasis(planned, [resource("a")], machine),
      decisionBasis(planned, state, ["Node.js 22.23.3", "Pulumi 3.266.0"]),
    ];
    assert.equal(new Set([basis, ...others]).size, 5);
  });
});
