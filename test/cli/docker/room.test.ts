import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { Docker, dockerTypes, type ObjectKind } from "../../../cli/docker/docker.ts";
import { checkRoom, type PlannedRoom } from "../../../cli/docker/room.ts";
import { Ownership } from "../../../cli/ownership.ts";
import { isFree } from "../../../cli/ports.ts";
import { UserError } from "../../../cli/user-error.ts";
import { knownState } from "../../support/known-state.ts";
import { fakeCommand, type FakeCommand } from "../../support/fake-command.ts";

describe("room for a deployment on a machine", () => {
  let server: Server;
  let port: number;
  let fake: FakeCommand | undefined;

  before(async () => {
    server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  });
  after(() => server.close());
  afterEach(() => {
    fake?.remove();
    fake = undefined;
  });

  const planned = (kind: ObjectKind, name: string): Partial<PlannedRoom> => ({
    resources: [{ type: dockerTypes[kind], inputs: { name } }],
  });

  /** Codes of the last problems. */
  let codes: readonly string[] = [];

  async function problemsOf(
    room: Partial<PlannedRoom>,
    script = "exit 0",
    folders: readonly string[] = [],
  ): Promise<string> {
    fake = fakeCommand("docker", script);
    const docker = new Docker(undefined, fake.env);
    try {
      const ownership = new Ownership("dev", "shop-dev", knownState());
      await checkRoom({ resources: [], ports: [], ...room }, ownership, docker, folders);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      codes = error.errorCodes;
      return error.message;
    }
    return "none";
  }

  it("is there where nobody else is", async () => {
    assert.equal(await isFree(port), false);
    assert.equal(await problemsOf({}), "none");
  });

  it("names the process that has a port", async () => {
    const told = await problemsOf({ ports: [{ hostPort: port, workload: "grafana" }] });
    assert.equal(
      told.split("\n")[0],
      `port ${port} (grafana): must be free, but node (process ${process.pid}) uses it; stop that, or choose another port`,
    );
    assert.match(told, /\nnothing was changed\n {2}next: /);
    assert.deepEqual(codes, ["OBS1104"]);
  });

  it("names the container that has a port, unless it is of this stack", async () => {
    const ports = [{ hostPort: port, workload: "grafana" }];
    const published = (name: string, owner: string): string => {
      const labels = { "observability.stack": owner, "observability.name": "shop-dev" };
      const found = JSON.stringify([{ Id: "1", Name: `/${name}`, Config: { Labels: labels } }]);
      return `case "$*" in "container ls --all --quiet --filter publish=${port}") echo 1;; *) echo '${found}';; esac`;
    };
    const told = await problemsOf({ ports }, published("other-grafana", "observability/other"));
    assert.match(told, /must be free, but the container other-grafana uses it/);
    assert.equal(await problemsOf({ ports }, published("shop-dev-grafana", "observability/dev")), "none");
  });

  it("is refused where a name belongs to a stranger or another stack, and only there", async () => {
    const found = (labels: object | null): string =>
      `echo '${JSON.stringify([{ Id: "1", Name: "/shop-dev-loki", Config: { Labels: labels } }])}'`;
    const room = planned("container", "shop-dev-loki");
    const rest = "rename or remove that, or set another observability:name";
    assert.match(
      await problemsOf(room, found(null)),
      new RegExp(
        `^container shop-dev-loki: the name must be free, but an object that does not belong to this project has it; ${rest}\n`,
      ),
    );
    assert.deepEqual(codes, ["OBS1207"]);
    assert.match(
      await problemsOf(room, found({ "observability.stack": "observability/a_b" })),
      /^observability:name: must be of one Pulumi stack alone, got shop-dev, which the stack observability\/a_b has \(container shop-dev-loki\); set another for observability\/dev\n/,
    );
    const own = { "observability.stack": "observability/dev", "observability.name": "shop-dev" };
    assert.equal(await problemsOf(room, found(own)), "none");
    assert.match(
      await problemsOf(room, found({ ...own, "observability.name": "shop" })),
      /got shop-dev, which the stack observability\/dev of another folder, named shop has /,
    );
    assert.equal(await problemsOf(room, found({ "observability.stack": "shop-dev" })), "none");
  });

  it("is refused where a container of another stack uses a volume of this one", async () => {
    const other = {
      Id: "1",
      Name: "/other-loki",
      Config: { Labels: { "observability.stack": "observability/other" } },
    };
    const own = {
      Name: "shop-dev_loki_data",
      Labels: { "observability.stack": "observability/dev", "observability.name": "shop-dev" },
    };
    const script = `case "$*" in
      "volume inspect shop-dev_loki_data") echo '${JSON.stringify([own])}';;
      "container ls --all --quiet --filter volume=shop-dev_loki_data") echo 1;;
      "container inspect 1") echo '${JSON.stringify([other])}';;
      *) exit 1;;
    esac`;
    assert.match(
      await problemsOf(planned("volume", "shop-dev_loki_data"), script),
      /^volume shop-dev_loki_data: must be of this stack alone, but the container other-loki of the stack observability\/other uses it; set another observability:name for one of the two\n/,
    );
    assert.deepEqual(codes, ["OBS1208"]);
  });

  it("needs room on the disk", async () => {
    // A file system without a free block.
    assert.match(
      await problemsOf({}, "exit 0", ["/proc"]),
      /^disk of \/proc: must have 512 MiB free, got 0; make room/,
    );
    assert.deepEqual(codes, ["OBS1105"]);
    assert.equal(await problemsOf({}, "exit 0", ["/"]), "none");
  });

  it("is refused with ten lines at most, however much is wrong", async () => {
    const ports = Array.from({ length: 9 }, () => ({ hostPort: port, workload: "w" }));
    const lines = (await problemsOf({ ports })).split("\n");
    // The tenth is that of the code.
    assert.equal(lines.length, 9);
    assert.equal(lines[6], "… and 3 more");
  });
});
