import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Docker } from "../../../cli/docker/docker.ts";
import { setUpDocker } from "../../../cli/docker/docker-setup.ts";
import { installCommand, type Machine } from "../../../cli/docker/install-command.ts";

const debian = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n';
const releases: Readonly<Record<string, readonly [string, boolean]>> = {
  Debian: [debian, true],
  Ubuntu: ['NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', true],
  "Linux Mint": ['ID=linuxmint\nID_LIKE="ubuntu debian"\n', true],
  Fedora: ["ID=fedora\nVERSION_ID=41\n", false],
  "a system of another kind": ['ID=other\nNAME="like debian"\n', false],
  "a system that says nothing": ["", false],
};

describe("the command that installs Docker", () => {
  for (const [name, [release, isKnown]] of Object.entries(releases)) {
    it(`is ${isKnown ? "" : "not "}known for ${name}`, () => {
      const expected = "apt-get update && apt-get install --yes docker.io";
      assert.equal(installCommand({ platform: "linux", release, isRoot: true }), isKnown ? expected : undefined);
    });
  }

  it("is one of root's for everybody else, and there is none on other systems", () => {
    assert.equal(
      installCommand({ platform: "linux", release: debian, isRoot: false }),
      "sudo apt-get update && sudo apt-get install --yes docker.io",
    );
    assert.equal(installCommand({ platform: "darwin", release: debian, isRoot: true }), undefined);
  });
});

describe("a machine without a running Docker", () => {
  let folder: string;
  let machine: Machine;
  let asked: string[];
  let said: string[];

  /** Every command writes down how it was called; the daemon runs once `service` or `systemctl` was called for it. */
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "docker-setup-"));
    asked = [];
    said = [];
    machine = {
      platform: "linux",
      release: debian,
      isRoot: true,
      hasSystemd: false,
      startMillis: 2_000,
      env: { PATH: `${folder}:/usr/bin:/bin`, FOLDER: folder },
    };
    command("service", 'touch "$FOLDER/running"');
    command("systemctl", 'touch "$FOLDER/running"');
    command("sudo", '"$@"');
    command("apt-get", '[ "$1" = update ] || mv "$FOLDER/to-install" "$FOLDER/docker"');
    rmSync(join(folder, "calls"), { force: true });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function command(name: string, script: string, log = true): void {
    const call = log ? `echo "${name} $*" >> "$FOLDER/calls"\n` : "";
    writeFileSync(join(folder, name), `#!/bin/sh\n${call}${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }

  const info = `if [ -e "$FOLDER/running" ]; then echo '{"ServerVersion":"20.10.24"}'; exit; fi
    echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' >&2; exit 1`;

  async function setUp(answer: boolean | undefined): Promise<readonly string[]> {
    // The folder alone, so that a `docker` of this machine is not found.
    const docker = new Docker(undefined, { PATH: folder, FOLDER: folder });
    const isAgreed = (commands: string): Promise<boolean | undefined> => {
      asked.push(commands);
      return Promise.resolve(answer);
    };
    await setUpDocker(docker, isAgreed, (line) => said.push(line), machine);
    const calls = join(folder, "calls");
    return existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : [];
  }

  it("has it installed and started when its user agrees, who is asked once with the commands", async () => {
    command("to-install", info, false);
    assert.deepEqual(await setUp(true), ["apt-get update", "apt-get install --yes docker.io", "service docker start"]);
    assert.deepEqual(asked, ["apt-get update && apt-get install --yes docker.io"]);
    assert.deepEqual(said, [
      "installing Docker: apt-get update && apt-get install --yes docker.io",
      "Docker is stopped, starting it: service docker start",
    ]);
  });

  for (const answer of [false, undefined]) {
    it(`is left as it is if its user ${answer === false ? "does not agree" : "cannot be asked"}`, async () => {
      command("to-install", info, false);
      assert.deepEqual(await setUp(answer), []);
      assert.equal(asked.length, 1);
    });
  }

  it("is left as it is where nobody knows how to install it", async () => {
    machine = { ...machine, release: "ID=fedora\n" };
    assert.deepEqual(await setUp(true), []);
    assert.deepEqual(asked, []);
  });

  it("has it started by systemd where that runs, with sudo for everybody but root, unasked", async () => {
    command("docker", info, false);
    machine = { ...machine, hasSystemd: true, isRoot: false };
    assert.deepEqual(await setUp(false), ["sudo systemctl start docker", "systemctl start docker"]);
    assert.deepEqual(asked, []);
  });

  it("is told when starting it fails, with what was tried", async () => {
    command("docker", info, false);
    command("service", "exit 7");
    await assert.rejects(setUp(true), {
      message: "service docker start: must succeed, got 7\n  next: solve what it says, then npm run up",
      errorCodes: ["OBS1205"],
    });
  });

  it("is told when the command to start it with is not there", async () => {
    command("docker", info, false);
    machine = { ...machine, isRoot: false, env: { PATH: "/nowhere" } };
    await assert.rejects(
      setUp(true),
      /^Error: sudo service docker start: must succeed, got spawn sudo ENOENT\n {2}next: /,
    );
  });

  for (const [what, script] of [
    ["a daemon that runs", 'echo "{}"'],
    ["a daemon that the user may not use", "echo 'permission denied while trying to connect' >&2; exit 1"],
    [
      "another daemon",
      "echo 'Cannot connect to the Docker daemon at tcp://192.0.2.1:2375. Is it running?' >&2; exit 1",
    ],
  ] as const) {
    it(`does nothing about ${what}`, async () => {
      command("docker", script, false);
      assert.deepEqual(await setUp(true), []);
      assert.deepEqual([asked, said], [[], []]);
    });
  }
});
