import assert from "node:assert/strict";
import { CommandFailed, Docker } from "../../../cli/docker/docker.ts";
import { UserError } from "../../../cli/user-error.ts";
import { fakeCommand, type FakeCommand } from "../../support/fake-command.ts";

describe("the docker command", () => {
  let fake: FakeCommand | undefined;
  afterEach(() => {
    fake?.remove();
    fake = undefined;
  });

  function docker(script: string, host?: string): Docker {
    fake = fakeCommand("docker", script);
    return new Docker(host, fake.env);
  }

  /** What the command really says, and what the user is told. */
  const problems: readonly (readonly [says: string, host: string | undefined, code: string, told: string])[] = [
    [
      "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
      undefined,
      "OBS1202",
      "docker: the daemon must be reachable, got: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    ],
    [
      "error during connect: Get http://nowhere.invalid:2375/version: dial tcp: lookup nowhere.invalid: no such host",
      "tcp://nowhere.invalid:2375",
      "OBS1204",
      "docker: the daemon at DOCKER_HOST=tcp://nowhere.invalid:2375 must be reachable, got: error during connect: Get http://nowhere.invalid:2375/version: dial tcp: lookup nowhere.invalid: no such host",
    ],
    [
      "Failed to initialize: unable to resolve docker endpoint: invalid bind address format: foo://bar",
      "foo://bar",
      "OBS1204",
      "docker: the daemon at DOCKER_HOST=foo://bar must be reachable, got: Failed to initialize: unable to resolve docker endpoint: invalid bind address format: foo://bar",
    ],
    [
      "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
      undefined,
      "OBS1203",
      "docker: this user must be allowed to use the daemon, got permission denied",
    ],
  ];
  for (const [says, host, code, told] of problems) {
    it(`that says "${says.slice(0, 50)}…" is explained, with the next command`, async () => {
      await assert.rejects(docker(`echo '${says}' >&2; exit 1`, host).serverVersion(), (error) => {
        assert.ok(error instanceof UserError);
        const [first, next, ...more] = error.message.split("\n");
        assert.deepEqual([error.errorCodes, first], [[code], told]);
        assert.match(next ?? "", /^ {2}next: /);
        assert.deepEqual(more, []);
        return true;
      });
    });
  }

  it("that is not there is explained", async () => {
    await assert.rejects(new Docker(undefined, { PATH: "/nowhere" }).serverVersion(), {
      kind: "missing",
      errorCodes: ["OBS1201"],
      message: /^docker: must be on the PATH, found none\n {2}next: \S/,
    });
  });

  it("says what is wrong with a daemon although the command ends well", async () => {
    const said =
      '{"ServerErrors":["Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is it running?"]}';
    await assert.rejects(docker(`echo '${said}'`).info(), { kind: "stopped" });
  });

  it("fails with what it said when the daemon refuses something", async () => {
    await assert.rejects(docker("echo 'Error: no such network' >&2; exit 1").run(["network", "rm", "x"]), (error) => {
      assert.ok(error instanceof CommandFailed);
      assert.deepEqual(error.errorCodes, ["OBS1206"]);
      assert.equal(
        error.message,
        "docker network rm: Error: no such network\n  next: see what is wrong with Docker, then npm run up",
      );
      return true;
    });
  });

  it("goes to the daemon of the settings", async () => {
    assert.equal(await docker('printf "%s" "$DOCKER_HOST"', "ssh://there").run(["info"]), "ssh://there");
  });

  it("reads what it is given on standard input", async () => {
    assert.equal(await docker("cat").run(["exec"], { input: "geheim" }), "geheim");
  });

  it("knows objects and whose they are, and leaves out what is not there", async () => {
    const found = [
      { Id: "1", Name: "/a", Config: { Labels: { "observability.stack": "shop" } } },
      { Id: "2", Name: "b", Labels: null },
    ];
    // The command prints what it has found, and fails for the rest.
    const script = `echo '${JSON.stringify(found)}'; echo 'Error: No such object: c' >&2; exit 1`;
    assert.deepEqual(await docker(script).objects("container", ["a", "b", "c"]), [
      { type: "docker:index/container:Container", id: "1", name: "a", mark: "shop", nameLabel: undefined },
      { type: "docker:index/container:Container", id: "2", name: "b", mark: undefined, nameLabel: undefined },
    ]);
    assert.deepEqual(await docker("exit 1").objects("network", []), []);
  });
});
