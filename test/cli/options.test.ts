import assert from "node:assert/strict";
import { commandOptions, forStack } from "../../cli/options.ts";
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

  it("name the stack by the target, unless it is named", () => {
    process.argv = ["node", "up.ts", "--target", "kubernetes", "--context", "rig"];
    const options = commandOptions(usage, [], ["context", "registry"]);
    assert.deepEqual([options.stack, options.target, options.values], ["kubernetes", "kubernetes", { context: "rig" }]);
    assert.deepEqual(parse("--target", "docker")[0], "dev");
    assert.deepEqual(parse("--target", "kubernetes", "--stack", "shop")[0], "shop");
  });

  it("are in the next commands of a stack that is not the usual one", () => {
    const text =
      "next: npm run up, or npm run down -- --destroy-data; npm run up -- --target kubernetes --context NAME";
    assert.equal(forStack(text, "dev"), text);
    assert.equal(
      forStack(text, "shop"),
      "next: npm run up -- --stack shop, or npm run down -- --stack shop --destroy-data; npm run up -- --stack shop --target kubernetes --context NAME",
    );
    assert.match(forStack(text, "kubernetes"), /; npm run up -- --target kubernetes --context NAME$/);
  });

  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [["--destroy"], /Unknown option '--destroy'/],
    [["dev"], /Unexpected argument 'dev'/],
    [["--stack"], /'--stack <value>' argument missing/],
    [["--target", "nomad"], /--target: must be docker or kubernetes, got "nomad"/],
    [["--yes=maybe"], /'--yes' does not take an argument/],
    [["--stack", "a", "--stack=b"], /^--stack: must be given once, got it more often$/m],
    [["--yes", "--yes"], /^--yes: must be given once, got it more often$/m],
    ...["../../x", "", "org/shop/dev", "a b", "sh\u00f6p", "x".repeat(101)].map(
      (name): readonly [readonly string[], RegExp] => [
        [`--stack=${name}`],
        /^--stack: must be the name of a Pulumi stack alone, 1 to 100 letters, digits, hyphens, underscores and dots, got "/,
      ],
    ),
  ];
  for (const [args, problem] of refused) {
    it(`refuse ${args.join(" ")} and show the usage, instead of going on with something else`, () => {
      assert.throws(
        () => parse(...args),
        (error: unknown) => {
          assert.ok(error instanceof UserError);
          assert.deepEqual(error.errorCodes, ["OBS1008"]);
          assert.match(error.message, problem);
          assert.ok(error.message.endsWith(`\n  usage: ${usage}`));
          return true;
        },
      );
    });
  }

  it("are told in characters that are seen", () => {
    const odd = "d\u202e\u001b[2J\u2028\ud800";
    for (const args of [[odd], [`--${odd}`], [`--stack=${odd}`], [`--target=${odd}`], [`--yes=${odd}`]]) {
      assert.throws(
        () => parse(...args),
        (error: Error) => /^[^\p{C}\p{Zl}\p{Zp}]*$/u.test(error.message.replaceAll("\n", " ")),
      );
    }
  });

  it("take every name that Pulumi takes", () => {
    for (const name of ["a.b_C-1", "x".repeat(100)]) assert.equal(parse("--stack", name)[0], name);
  });

  it("take no flag that another command has", () => {
    process.argv = ["node", "verify.ts", "--yes"];
    assert.throws(() => commandOptions("npm run verify [-- --stack NAME]", []), UserError);
  });
});
