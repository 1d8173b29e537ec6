import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../e2e/support/run.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const output = async (command: string, ...args: readonly string[]): Promise<string> => {
  const ended = await run(process.execPath, [join("cli", "commands", command), ...args], { cwd: root });
  assert.equal(ended.code, 1);
  return ended.output;
};

describe("npm run backup and npm run restore", () => {
  it("are refused without a folder, and a backup into one that is there", async () => {
    assert.match(
      await output("backup.ts"),
      /DIR: must be named, got none\n {2}usage: npm run backup -- DIR .*\n {2}code: OBS1008,/,
    );
    assert.match(
      await output("restore.ts"),
      /DIR: must be named, got none\n {2}usage: npm run restore -- DIR .*\n {2}code: OBS1008,/,
    );
    const folder = mkdtempSync(join(tmpdir(), "there-"));
    assert.match(await output("backup.ts", folder), /: must not be there yet\n {2}next: .*\n {2}code: OBS1703,/);
    rmSync(folder, { recursive: true });
  });

  it("are refused where nobody can be asked whether data is to be replaced, before anything else", async () => {
    const expected =
      /restore: must be confirmed, and there is no terminal to ask\n {2}next: add --yes\n {2}code: OBS1008,/;
    assert.match(await output("restore.ts", "none"), expected);
  });
});
