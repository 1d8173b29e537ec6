import assert from "node:assert/strict";
import { commandOptions } from "../../cli/options.ts";
import { UserError } from "../../cli/user-error.ts";

const usage = "npm run down [-- --stack NAME] [--destroy-data [--yes]]";

describe("the options of a command", () => {
  const argv = process.argv;
  afterEach(() => {
    process.argv = argv;
  });

  function parse(...args: readonly string[]): readonly [string, readonly string[]] {
    process.argv = ["node", "down.ts", ...args];
    const { stack, flags } = commandOptions(usage, ["destroy-data", "yes"]);
    return [stack, [...flags]];
  }

  it("are the stack dev and no flag when nothing is given", () => {
    assert.deepEqual(parse(), ["dev", []]);
  });

  it("are what the user writes, in any order", () => {
    assert.deepEqual(parse("--yes", "--stack", "staging", "--destroy-data"), ["staging", ["destroy-data", "yes"]]);
    assert.deepEqual(parse("--stack=staging"), ["staging", []]);
    assert.deepEqual(parse("--destroy-data"), ["dev", ["destroy-data"]]);
  });

  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [["--destroy"], /Unknown option '--destroy'/],
    [["dev"], /Unexpected argument 'dev'/],
    [["--stack"], /'--stack <value>' argument missing/],
    [["--yes=maybe"], /'--yes' does not take an argument/],
  ];
  for (const [args, problem] of refused) {
    it(`refuse ${args.join(" ")} and show the usage, instead of going on with something else`, () => {
      assert.throws(
        () => parse(...args),
        (error: unknown) => {
          assert.ok(error instanceof UserError);
          assert.match(error.message, problem);
          assert.ok(error.message.endsWith(`\n  usage: ${usage}`));
          return true;
        },
      );
    });
  }

  it("take no flag that another command has", () => {
    process.argv = ["node", "verify.ts", "--yes"];
    assert.throws(() => commandOptions("npm run verify [-- --stack NAME]", []), UserError);
  });
});
