import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { commandLines, scriptOf, stackCommands } from "../../cli/command-list.ts";
import { forStack } from "../../cli/options.ts";
import { run } from "../e2e/support/run.ts";

const root = join(import.meta.dirname, "..", "..");
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));

/** The scripts that run a file of cli/commands, each with its file. */
const ofFiles = Object.entries(scripts).flatMap(([script, line]) => {
  const file = /\bcli\/commands\/([\w-]+\.ts)/.exec(line)?.[1];
  return file === undefined ? [] : [{ script, file }];
});

describe("the list of commands", () => {
  const listed = commandLines.map(({ command }) => scriptOf(command));

  it("has every script that is a command, and each file of cli/commands is one", () => {
    assert.deepEqual(
      ofFiles.map(({ script }) => script).sort(),
      [...new Set(listed)].filter((script) => script !== "test").sort(),
    );
    assert.deepEqual(ofFiles.map(({ file }) => file).sort(), readdirSync(join(root, "cli", "commands")).sort());
  });

  it("has no script that package.json lacks", () => {
    assert.deepEqual(
      listed.filter((script) => scripts[script] === undefined),
      [],
    );
  });

  it("names the commands that work on a stack: each of them takes --stack in what is told to the user", () => {
    for (const script of stackCommands) {
      assert.equal(forStack(`npm run ${script}`, "shop"), `npm run ${script} -- --stack shop`);
      const [found] = ofFiles.filter((one) => one.script === script);
      const source = readFileSync(join(root, "cli", "commands", found?.file ?? ""), "utf8");
      assert.match(source, /runOnStack\(/, script);
    }
    const others = ofFiles.filter(({ script }) => !stackCommands.includes(script));
    for (const { file } of others) {
      assert.doesNotMatch(readFileSync(join(root, "cli", "commands", file), "utf8"), /runOnStack\(/, file);
    }
  });

  it("is what npm run help prints, one line each", async () => {
    const { code, stdout } = await run(process.execPath, ["cli/commands/help.ts"], { cwd: root });
    assert.equal(code, 0);
    const lines = stdout.split("\n");
    for (const [index, { command, does }] of commandLines.entries()) {
      assert.equal(lines[index]?.replace(/ {2,}/g, "  ").trim(), `${command}  ${does.replaceAll("`", "")}`);
    }
  });
});
