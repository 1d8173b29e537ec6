import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkCollector } from "../../../cli/docker/collector-check.ts";
import { Docker } from "../../../cli/docker/docker.ts";
import { UserError } from "../../../cli/user-error.ts";
import type { StackSettingsInput } from "../../../config/settings.ts";
import { fakeCommand, type FakeCommand } from "../../support/fake-command.ts";
import { settings } from "../../support/settings.ts";

const config = { exporters: { debug: { a: "${file:/run/secrets/token}" } } };
const withConfig = { otelCollector: { config }, secrets: { token: "hunter2", other: "not asked for" } };

describe("the check of the Collector's configuration before a deployment", () => {
  let fake: FakeCommand | undefined;
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "collector-check-"));
  });

  afterEach(() => {
    fake?.remove();
    rmSync(folder, { recursive: true });
  });

  /** A `docker` that notes what it is asked, keeps what is copied, and ends the container with this. */
  async function check(input: StackSettingsInput, start: string, state = "exited 2026-01-01"): Promise<string[]> {
    fake = fakeCommand(
      "docker",
      `echo "$*" >> ${folder}/asked
       case "$1" in
         create) echo id1;;
         cp) cp -r "\${2%/.}" ${folder}/copied && ls -lR ${folder}/copied > ${folder}/modes;;
         start) ${start};;
         inspect) echo ${state};;
       esac`,
    );
    await checkCollector(settings(input), new Docker(undefined, { ...fake.env, TMPDIR: folder }));
    return readdirSync(folder).includes("asked") ? readFileSync(join(folder, "asked"), "utf8").trim().split("\n") : [];
  }

  it("is not made when there is nothing of the user in it, or no Collector", async () => {
    assert.deepEqual(await check({}, "exit 0"), []);
    assert.deepEqual(await check({ ...withConfig, observability: false }, "exit 0"), []);
  });

  it("is the Collector's own, in a container without network and privileges that is gone afterwards", async () => {
    const [create = "", copy = "", ...rest] = await check(withConfig, "exit 0");
    const { name, images } = settings();
    assert.equal(
      create,
      `create --network none --cap-drop ALL --user 10001:10001 --label observability.stack=${name} ${images.otelCollector} ` +
        "validate --config /etc/otelcol-contrib/config.yaml --config /etc/otelcol-contrib/own.yaml",
    );
    assert.match(copy, /^cp \S+\/\. id1:\/$/);
    assert.deepEqual(rest, ["start --attach id1", "rm --force --volumes id1"]);
  });

  it("has both files and the secrets that they name, readable for the Collector's user", async () => {
    await check(withConfig, "exit 0");
    const copied = join(folder, "copied");
    assert.deepEqual(readdirSync(join(copied, "etc", "otelcol-contrib")), ["config.yaml", "own.yaml"]);
    assert.deepEqual(readdirSync(join(copied, "run", "secrets")), ["token"]);
    assert.equal(readFileSync(join(copied, "run", "secrets", "token"), "utf8"), "hunter2");
    assert.match(readFileSync(join(folder, "modes"), "utf8"), /^-r--r--r-- .* own\.yaml$/m);
  });

  it("fails with the Collector's words, without a secret, and removes the container", async () => {
    await assert.rejects(check(withConfig, "echo 'bad value hunter2' >&2; exit 1"), (error) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual(error.message.split("\n"), [
        "otelCollector.config: must be taken by the program it is for, which says; correct it:",
        "  bad value [secret]",
        "nothing was changed",
        "  next: correct the settings of the stack, then npm run up",
      ]);
      return true;
    });
    assert.match(readFileSync(join(folder, "asked"), "utf8"), /rm --force --volumes id1\n$/);
  });

  it("does not blame the configuration when Docker cannot start the container", async () => {
    const failing = check(withConfig, "echo 'no space left' >&2; exit 1", "created 0001-01-01");
    await assert.rejects(failing, { name: "Error", message: "docker start --attach: no space left" });
    assert.match(readFileSync(join(folder, "asked"), "utf8"), /rm --force --volumes id1\n$/);
  });
});
