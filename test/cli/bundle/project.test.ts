import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { projectFiles } from "../../../cli/bundle/project.ts";
import { UserError } from "../../../cli/user-error.ts";

describe("the files of a project in a bundle", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "bundled-project-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("are what git has or would take, npm packages, what was built, and the stack's settings; neither state, settings of others nor the lock of images", async () => {
    const git = (...args: readonly string[]): void => {
      execFileSync("git", args, { cwd: folder });
    };
    const files = {
      ".gitignore": "node_modules/\ndist/\n.pulumi-state/\n.env\nPulumi.*.yaml\n",
      "index.ts": "",
      "own service.ts": "",
      "removed.ts": "",
      "images.lock.json": "{}",
      ".env": "SECRET=1",
      ".pulumi-state/passphrase": "secret",
      "node_modules/zod/index.js": "",
      "packages/telemetry/dist/index.js": "",
      "Pulumi.shop.yaml": "",
      "Pulumi.other.yaml": "",
    };
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    git("init", "--quiet");
    git("add", "index.ts", "removed.ts", "images.lock.json", ".gitignore");
    rmSync(join(folder, "removed.ts"));
    assert.deepEqual([...(await projectFiles(folder, "Pulumi.shop.yaml"))].sort(), [
      "./.gitignore",
      "./Pulumi.shop.yaml",
      "./index.ts",
      "./node_modules/",
      "./own service.ts",
      "./packages/telemetry/dist/",
    ]);
  });

  it("are not known where there is no git", async () => {
    await assert.rejects(projectFiles(folder, "Pulumi.dev.yaml"), (error) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual(error.errorCodes, ["OBS1603"]);
      assert.match(error.message, /: must be a clone, of which git says what belongs to it, got: .*\n {2}next: clone/);
      return true;
    });
  });
});
