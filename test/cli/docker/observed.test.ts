import assert from "node:assert/strict";
import type { InspectedKind } from "../../../cli/docker/docker.ts";
import { observedObjects } from "../../../cli/docker/observed.ts";
import type { StateResource } from "../../../cli/state.ts";

function resource(type: string, id?: string, inputs?: StateResource["inputs"]): StateResource {
  return { type, urn: `urn:pulumi:dev::observability::${type}::x`, ...(id === undefined ? {} : { id }), inputs };
}

/** One resource of each kind that a stack has on Docker, and what is in the state alone. */
const resources = [
  resource("pulumi:pulumi:Stack"),
  resource("observability:index:Loki"),
  resource("pulumi:providers:docker", "p"),
  resource("random:index/randomPassword:RandomPassword", "none"),
  resource("docker:index/container:Container", "c1"),
  resource("docker:index/network:Network", "n1"),
  resource("docker:index/volume:Volume", "loki_data"),
  resource("docker:index/remoteImage:RemoteImage", "sha256:abcgrafana/loki:3", { name: "grafana/loki:3" }),
];

type Objects = Readonly<Record<InspectedKind, readonly Readonly<Record<string, unknown>>[]>>;

/** As `docker inspect` answers, shortened. */
const objects = {
  container: [
    {
      Id: "c1",
      Name: "/loki",
      Image: "sha256:abc",
      ExecIDs: null,
      State: { Status: "running", ExitCode: 0, StartedAt: "2026-01-01T00:00:00Z", Health: { Log: ["1"] } },
      Config: { Env: ["A=1"], Image: "grafana/loki:3" },
      HostConfig: { Memory: 1024, Binds: null },
      Mounts: [
        { Type: "volume", Name: "loki_data", Destination: "/loki" },
        { Type: "bind", Source: "/x", Destination: "/etc/loki" },
      ],
      NetworkSettings: { Networks: { dev: { NetworkID: "n1", Aliases: ["loki", "c1"], IPAddress: "172.18.0.2" } } },
    },
  ],
  network: [{ Id: "n1", Name: "dev", Driver: "bridge", Labels: {}, Containers: { c1: { Name: "loki" } } }],
  volume: [{ Name: "loki_data", Driver: "local", Labels: {}, Options: null, CreatedAt: "2026-01-01T00:00:00Z" }],
  image: [{ Id: "sha256:abc", RepoTags: ["grafana/loki:3"] }],
} as const satisfies Objects;
const [container] = objects.container;

/** @param asked is given what is asked for */
function observed(
  found: Objects,
  wanted = resources,
  asked: Partial<Record<InspectedKind, readonly string[]>> = {},
): Promise<string | undefined> {
  return observedObjects(wanted, {
    inspect: (kind, names) => {
      asked[kind] = names;
      return Promise.resolve(found[kind]);
    },
  });
}

describe("what Docker has of a state", () => {
  it("is asked for by id, and of an image by its name", async () => {
    const asked = {};
    assert.match((await observed(objects, resources, asked)) ?? "", /^[0-9a-f]{64}$/);
    assert.deepEqual(asked, { container: ["c1"], network: ["n1"], volume: ["loki_data"], image: ["grafana/loki:3"] });
  });

  it("is the same text whatever the order of the state", async () => {
    const all = [...resources, resource("docker:index/volume:Volume", "jaeger_data")];
    const named = (kind: InspectedKind, names: readonly string[]): Promise<unknown> =>
      Promise.resolve(kind === "volume" ? names.map((Name) => ({ ...objects.volume[0], Name })) : objects[kind]);
    const [one, other] = await Promise.all(
      [all, all.toReversed()].map((each) => observedObjects(each, { inspect: named })),
    );
    assert.equal(one, other);
  });

  const byItself: readonly (readonly [what: string, Partial<Objects>])[] = [
    [
      "a health check has run",
      { container: [{ ...container, State: { ...container.State, Health: { Log: ["2"] } } }] },
    ],
    ["a command runs in a container", { container: [{ ...container, ExecIDs: ["e1"] }] }],
    ["mounts are listed in another order", { container: [{ ...container, Mounts: container.Mounts.toReversed() }] }],
    ["another container is on the network", { network: [{ ...objects.network[0], Containers: {} }] }],
    ["something was written into a volume", { volume: [{ ...objects.volume[0], CreatedAt: "2026-01-02T00:00:00Z" }] }],
    ["an image has one more tag", { image: [{ Id: "sha256:abc", RepoTags: ["grafana/loki:3", "loki"] }] }],
  ];
  for (const [what, change] of byItself) {
    it(`is the same text when ${what}`, async () => {
      assert.equal(await observed({ ...objects, ...change }), await observed(objects));
    });
  }

  const { NetworkSettings, ...alone } = container;
  const changes: readonly (readonly [what: string, Partial<Objects>])[] = [
    ["a container was stopped", { container: [{ ...container, State: { ...container.State, Status: "exited" } }] }],
    [
      "it was started again",
      { container: [{ ...container, State: { ...container.State, StartedAt: "2026-01-02T00:00:00Z" } }] },
    ],
    ["it was renamed", { container: [{ ...container, Name: "/mine" }] }],
    ["its limit was changed", { container: [{ ...container, HostConfig: { Memory: 2048, Binds: null } }] }],
    ["it was made anew", { container: [{ ...container, Id: "c2" }] }],
    ["it was taken off the network", { container: [{ ...alone, NetworkSettings: { Networks: {} } }] }],
    [
      "it is on another network as well",
      {
        container: [
          { ...alone, NetworkSettings: { Networks: { ...NetworkSettings.Networks, x: { NetworkID: "x" } } } },
        ],
      },
    ],
    ["the network is another one", { network: [{ ...objects.network[0], Id: "n2" }] }],
    ["a volume was made anew with other labels", { volume: [{ ...objects.volume[0], Labels: null }] }],
    ["a tag names another image", { image: [{ Id: "sha256:def" }] }],
  ];
  for (const [what, change] of changes) {
    it(`is another text when ${what}`, async () => {
      assert.notEqual(await observed({ ...objects, ...change }), await observed(objects));
    });
  }

  for (const kind of Object.keys(objects)) {
    it(`cannot be told when the ${kind} is gone`, async () => {
      assert.equal(await observed({ ...objects, [kind]: [] }), undefined);
    });
  }

  it("cannot be told of what is none of Docker's objects", async () => {
    const bucket = resource("aws:s3/bucket:Bucket", "mine");
    assert.equal(await observed(objects, [...resources, bucket]), undefined);
  });
});
