import assert from "node:assert/strict";
import { exportedState } from "../../cli/pulumi-stack.ts";
import { fakeCommand } from "../support/fake-command.ts";

describe("the exported state", () => {
  /** Runs an action with a `pulumi` that answers as told, and with no passphrase to make. */
  async function withPulumi<Result>(answers: string, action: () => Promise<Result>): Promise<Result> {
    const pulumi = fakeCommand("pulumi", `case "$*" in\nversion) echo v3.259.0;;\n${answers}\nesac`);
    const wanted = { ...pulumi.env, PULUMI_CONFIG_PASSPHRASE: "x" };
    const before = Object.keys(wanted).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, wanted);
    try {
      return await action();
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = value;
      }
      pulumi.remove();
    }
  }

  it("is what Pulumi exports of the stack, with its secrets", async () => {
    const state = { resources: [{ urn: "a" }] };
    const answers = [
      '"stack select"*) ;;',
      `"stack export --show-secrets --stack nowhere"*) echo '${JSON.stringify({ version: 3, deployment: state })}';;`,
    ];
    assert.deepEqual(await withPulumi(answers.join("\n"), () => exportedState("nowhere")), state);
  });

  it("is empty if there is no such stack, and none is made", async () => {
    const answers = '"stack select"*) echo "error: no stack named \'nowhere\' found" >&2; exit 255;;';
    assert.deepEqual(await withPulumi(answers, () => exportedState("nowhere")), {});
  });

  it("says why it cannot be read, without what Pulumi had printed of it", async () => {
    const answers =
      '"stack select"*) ;;\n"stack export"*) echo "{ hunter2 }"; echo "error: incorrect passphrase" >&2; exit 1;;';
    await assert.rejects(
      withPulumi(answers, () => exportedState("nowhere")),
      {
        name: "Error",
        message:
          "the state of nowhere cannot be read: the passphrase does not fit the state that it should decrypt\n" +
          "  next: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the one of this state",
        errorCodes: ["OBS1406"],
      },
    );
    const unknown = '"stack select"*) ;;\n"stack export"*) echo "{ hunter2 }"; echo "error: broken" >&2; exit 1;;';
    await assert.rejects(
      withPulumi(unknown, () => exportedState("nowhere")),
      {
        message:
          /^the state of nowhere cannot be read: (?:(?!hunter2)[\s\S])*broken\n {2}next: solve what this says, then npm run up$/,
        errorCodes: ["OBS1407"],
      },
    );
  });
});
