import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pWaitFor from "p-wait-for";
import { checkConfiguration } from "../../../cli/docker/configuration-check.ts";
import { Docker } from "../../../cli/docker/docker.ts";
import { UserError } from "../../../cli/user-error.ts";
import type { StackSettingsInput } from "../../../config/settings-and-defaults.ts";
import { fakeCommand, type FakeCommand } from "../../support/fake-command.ts";
import { settings } from "../../support/settings.ts";

const config = { exporters: { debug: { a: "${file:/run/secrets/token}" } } };
const withConfig = { otelCollector: { config }, secrets: { token: "hunter2", other: "not asked for" } };
const root = join(import.meta.dirname, "..", "..", "..");

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
  function docker(start: string): FakeCommand {
    fake = fakeCommand(
      "docker",
      `echo "$*" >> ${folder}/asked
       case "$1" in
         cp) cat > ${folder}/copied.tar;;
         start) ${start};;
       esac`,
    );
    return fake;
  }

  const asked = (): readonly string[] => {
    const file = join(folder, "asked");
    // Each container has a name of its own.
    const text = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
    return text === "" ? [] : text.replaceAll(/-look-[0-9a-f]{12}/g, "-look-ID").split("\n");
  };

  async function check(input: StackSettingsInput, start: string): Promise<readonly string[]> {
    const { env } = docker(start);
    await checkConfiguration(settings(input), "observability/dev", new Docker(undefined, env));
    return asked();
  }

  const { name, images } = settings();
  const container = `${name}-otel-collector-look-ID`;

  it("is not made when there is nothing of the user in it, or no Collector", async () => {
    assert.deepEqual(await check({}, "exit 0"), []);
    assert.deepEqual(await check({ ...withConfig, observability: false }, "exit 0"), []);
  });

  it("is the Collector's own, in a container without network and privileges that is gone afterwards", async () => {
    assert.deepEqual(await check(withConfig, "exit 0"), [
      `create --rm --name ${container} --network none --cap-drop ALL --user 10001:10001 --label observability.stack=observability/dev ` +
        `--label observability.name=${name} ${images.otelCollector} ` +
        "validate --config /etc/otelcol-contrib/config.yaml --config /etc/otelcol-contrib/own.yaml",
      `cp - ${container}:/`,
      `start --attach ${container}`,
      `rm --force --volumes ${container}`,
    ]);
  });

  it("has both files and the secrets that they name, readable for the Collector's user", async () => {
    await check(withConfig, "exit 0");
    const tar = (...args: readonly string[]): string =>
      execFileSync("tar", [...args, "--file", join(folder, "copied.tar")], { encoding: "utf8" });
    assert.deepEqual(tar("--list").trim().split("\n"), [
      "etc/otelcol-contrib/config.yaml",
      "etc/otelcol-contrib/own.yaml",
      "run/secrets/token",
    ]);
    assert.match(tar("--list", "--verbose"), /^-r--r--r-- 0\/0 .* run\/secrets\/token$/m);
    assert.equal(tar("--extract", "--to-stdout", "run/secrets/token"), "hunter2");
  });

  it("fails with the Collector's words, without a secret, and removes the container", async () => {
    await assert.rejects(check(withConfig, "echo 'bad value hunter2' >&2; exit 1"), (error) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual(error.errorCodes, ["OBS1005"]);
      assert.deepEqual(error.message.split("\n"), [
        "otelCollector.config: must be accepted by the program that reads it; correct what it reports (OBS1005):",
        "  bad value [secret]",
        "nothing was changed",
        "  next: correct the settings of the stack, then npm run up",
      ]);
      return true;
    });
    assert.equal(asked().at(-1), `rm --force --volumes ${container}`);
  });

  it("does not blame the configuration when Docker cannot start the container", async () => {
    await assert.rejects(check(withConfig, "echo 'Error response from daemon: no space left' >&2; exit 1"), {
      message:
        "docker start --attach: Error response from daemon: no space left\n  next: see what is wrong with Docker, then npm run up",
    });
    assert.equal(asked().at(-1), `rm --force --volumes ${container}`);
  });

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    it(`removes the container at ${signal}, ends with 130, and has written no secret anywhere`, async () => {
      const script = `
        import { checkConfiguration } from "./cli/docker/configuration-check.ts";
        import { Docker } from "./cli/docker/docker.ts";
        import { runCommand } from "./cli/run-command.ts";
        import { settings } from "./test/support/settings.ts";
        await runCommand(async () => {
          await checkConfiguration(settings(${JSON.stringify(withConfig)}), "observability/dev", new Docker(undefined));
          return 0;
        });`;
      const { env } = docker("exec sleep 30");
      const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
        cwd: root,
        env: { ...env, TMPDIR: folder },
        stdio: ["ignore", "ignore", "pipe"],
      });
      let said = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
      await pWaitFor(() => asked().some((line) => line.startsWith("start")), { timeout: 9_000, interval: 20 });
      child.kill(signal);
      const [code] = (await once(child, "close")) as [number | null];
      assert.deepEqual(
        [code, said],
        [130, "\ninterrupted; nothing was changed\n  next: npm run up\n  code: OBS1403, docs/errors/OBS1403.md\n"],
      );
      assert.equal(asked().at(-1), `rm --force --volumes ${container}`);
      assert.deepEqual(readdirSync(folder).sort(), ["asked", "copied.tar"]);
    });
  }
});
