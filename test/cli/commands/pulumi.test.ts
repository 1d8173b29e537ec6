import assert from "node:assert/strict";
import { join } from "node:path";
import { fakeCommand } from "../../support/fake-command.ts";
import { run } from "../../e2e/support/run.ts";

const root = join(import.meta.dirname, "..", "..", "..");

describe("npm run pulumi", () => {
  /** What the command hands to `pulumi`: the stack of the environment, and the arguments. */
  async function handedOver(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<string> {
    const pulumi = fakeCommand("pulumi", '[ "$*" = version ] && echo v3.259.0 && exit; echo "$PULUMI_STACK: $*"');
    try {
      const options = { cwd: root, env: { ...pulumi.env, PULUMI_CONFIG_PASSPHRASE: "x", ...env } };
      const ended = await run(process.execPath, ["cli/commands/pulumi.ts", ...args], options);
      assert.equal(ended.code, 0, ended.output);
      return ended.stdout.trim();
    } finally {
      pulumi.remove();
    }
  }

  it("works on the stack that the other commands work on, whichever was selected last", async () => {
    assert.equal(await handedOver({}, "config", "set", "a", "1"), "dev: config set a 1");
  });

  it("works on another one that the environment names", async () => {
    assert.equal(await handedOver({ PULUMI_STACK: "staging" }, "preview"), "staging: preview");
  });
});
