import assert from "node:assert/strict";
import { Docker } from "../../../cli/docker/docker.ts";
import { deliverImages, prepareImages, programOf } from "../../../cli/kubernetes/images.ts";
import { UserError } from "../../../cli/user-error.ts";
import { programSettings } from "../../../config/program-settings.ts";
import { FakeApiServer, type Answer } from "../../support/fake-api-server.ts";
import { fakeCommand, type FakeCommand } from "../../support/fake-command.ts";

describe("the way of the services' image into the cluster", () => {
  let fake: FakeCommand;
  afterEach(() => {
    fake.remove();
  });

  /** What is said, with a Docker that answers by a script. */
  async function prepare(
    kubernetes: object,
    script: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<string[]> {
    fake = fakeCommand("docker", script);
    const settings = programSettings(
      {
        "observability:target": "kubernetes",
        "observability:kubernetes": JSON.stringify({ context: "fake", ...kubernetes }),
        "observability:images": JSON.stringify({ node: "node:22.1.0" }),
        ...more,
      },
      { project: "observability", stack: "shop" },
    );
    const said: string[] = [];
    const server = await FakeApiServer.start({ "/api/v1/nodes": { items: [] } });
    try {
      const docker = new Docker(undefined, fake.env);
      await prepareImages(server.cluster(), settings, docker, (line) => said.push(line), fake.env);
      return said;
    } finally {
      await server.stop();
    }
  }

  const works = 'case "$*" in version*) echo 28.0.0;; "image inspect"*) echo "No such image" >&2; exit 1;; esac';

  it("needs Docker, the program that delivers it, and the image that it is built upon, which is pulled", async () => {
    assert.deepEqual(await prepare({ registry: "registry.example.com/team" }, works), ["pulling node:22.1.0"]);
  });

  it("needs nothing where nothing is built", async () => {
    assert.deepEqual(await prepare({}, "exit 1", { "observability:exampleServices": "false" }), []);
  });

  it("is missing without Docker", async () => {
    await assert.rejects(
      // It is asked first: only that question has an end if the daemon does not answer.
      prepare(
        { loadCommand: "true" },
        'case "$*" in version*) echo "Cannot connect to the Docker daemon at x" >&2; exit 1;; esac',
      ),
      /^Error: docker: the daemon must be reachable, got: Cannot connect to the Docker daemon at x\n {2}next: /,
    );
  });

  it("is missing without the program that brings it there", async () => {
    await assert.rejects(prepare({ loadCommand: 'no-such-loader load "$IMAGE"' }, works), {
      name: "Error",
      message:
        "no-such-loader: must be on the PATH, since it brings the services' image into the cluster, found none\n" +
        "  next: install it, or say how by npm run up -- --target kubernetes --registry REGISTRY or --load-command COMMAND",
      errorCodes: ["OBS1311"],
    });
  });

  it("is missing without the image that it is built upon", async () => {
    const script = `${works.replace("esac", "")} pull*) echo "no such host" >&2; exit 1;; esac`;
    await assert.rejects(
      prepare({ loadCommand: "true" }, script),
      /^Error: image node:22\.1\.0: must be on this machine or in its registry, got: no such host\n/,
    );
  });
});

describe("the platform of what is built for a cluster", () => {
  let fake: FakeCommand | undefined;
  let said: string[] = [];
  afterEach(() => fake?.remove());

  /** What is wrong, with a Docker of one platform and nodes of others. */
  async function problem(
    docker: string,
    nodes: Answer,
    settings: Readonly<Record<string, unknown>> = {},
  ): Promise<string | undefined> {
    said = [];
    // It has every image.
    fake = fakeCommand(
      "docker",
      `case "$*" in version*Arch*) echo ${docker};; "image inspect"*) echo linux/arm64;; pull*|version*) ;; *) exit 1;; esac`,
    );
    const server = await FakeApiServer.start({ "/api/v1/nodes": nodes });
    const { kubernetes = {}, ...others } = settings;
    const config = {
      target: "kubernetes",
      kubernetes: { context: "fake", loadCommand: "true", ...(kubernetes as object) },
      ...others,
    };
    const texts = Object.entries(config).map(([key, value]) => [
      `observability:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
    try {
      await prepareImages(
        server.cluster(),
        programSettings(Object.fromEntries(texts) as Record<string, string>, {
          project: "observability",
          stack: "shop",
        }),
        new Docker(undefined, fake.env),
        (line) => said.push(line),
        fake.env,
      );
      return undefined;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      assert.deepEqual(error.errorCodes, ["OBS1310"]);
      return error.message;
    } finally {
      await server.stop();
    }
  }

  function nodes(...platforms: readonly string[]): object {
    return {
      items: platforms.map((platform) => {
        const [operatingSystem, architecture] = platform.split("/");
        const labels = { "kubernetes.io/arch": architecture };
        return { metadata: { labels }, status: { nodeInfo: { operatingSystem, architecture } } };
      }),
    };
  }

  it("has to be that of the nodes, and is Docker's own unless the settings name one", async () => {
    assert.equal(await problem("linux/amd64", nodes("linux/amd64", "linux/amd64")), undefined);
    assert.equal(
      await problem("linux/arm64", nodes("linux/amd64")),
      "docker.buildPlatform: must be the platform of every node that pods may run on (linux/amd64), got linux/arm64, that of Docker here\n" +
        "nothing was changed\n  next: npm run pulumi -- config set --path docker.buildPlatform linux/amd64",
    );
    const chosen = { docker: { buildPlatform: "linux/amd64" } };
    assert.equal(await problem("linux/arm64", nodes("linux/amd64"), chosen), undefined);
    assert.match(
      (await problem("linux/arm64", nodes("linux/arm64"), chosen)) ?? "",
      /^docker\.buildPlatform: must be the platform of .* \(linux\/arm64\), got linux\/amd64\n/,
    );
  });

  it("cannot be that of all nodes where they differ, unless pods run on some of them only", async () => {
    const mixed = nodes("linux/amd64", "linux/arm64");
    const found = (await problem("linux/amd64", mixed)) ?? "";
    assert.match(found, /\(linux\/amd64, linux\/arm64\), got linux\/amd64, that of Docker here\n/);
    assert.match(found, /\n {2}next: choose the nodes of one platform by kubernetes\.nodeSelector, /);
    const nodeSelector = { "kubernetes.io/arch": "amd64" };
    assert.equal(await problem("linux/amd64", mixed, { kubernetes: { nodeSelector } }), undefined);
  });

  it("may name the variant of a processor, which a node does not tell", async () => {
    const docker = { buildPlatform: "linux/arm/v7" };
    assert.equal(await problem("linux/amd64", nodes("linux/arm"), { docker }), undefined);
  });

  it("is not asked for where nothing is built", async () => {
    assert.equal(await problem("linux/amd64", nodes("linux/arm64"), { exampleServices: "false" }), undefined);
  });

  it("stays open where the user may not see the nodes, and that is said", async () => {
    assert.equal(await problem("linux/amd64", 403), undefined);
    assert.deepEqual(said, ["not checked, since this user may not read them: the platforms of the nodes"]);
  });
});

describe("the program of a shell command", () => {
  const cases: readonly (readonly [command: string, program: string | undefined])[] = [
    ['kind load docker-image "$IMAGE"', "kind"],
    ["  A=1 B= minikube image load", "minikube"],
    ["/opt/bin/loader", "/opt/bin/loader"],
    // What a shell makes of these only the shell knows.
    ['"my loader" x', undefined],
    ["$LOADER x", undefined],
    ["(cd x && y)", undefined],
    ["A=1", undefined],
    ["", undefined],
  ];
  for (const [command, program] of cases) {
    it(`${JSON.stringify(command)} is ${program ?? "not known"}`, () => {
      assert.equal(programOf(command), program);
    });
  }
});

describe("the images of a bundle, on their way into the cluster", () => {
  async function deliver(kubernetes: object): Promise<string[]> {
    const { stack } = programSettings(
      {
        "observability:target": "kubernetes",
        "observability:kubernetes": JSON.stringify({ context: "fake", ...kubernetes }),
        "observability:exampleServices": "false",
      },
      { project: "observability", stack: "shop" },
    );
    const said: string[] = [];
    await deliverImages(["a:1", "b:1"], stack, (line) => said.push(line), process.env);
    return said;
  }

  it("go by the command that the program's own image goes by, each named", async () => {
    assert.deepEqual(await deliver({ loadCommand: '[ "$IMAGE" = a:1 ] || [ "$IMAGE" = b:1 ]' }), [
      "bringing a:1 into the cluster",
      "bringing b:1 into the cluster",
    ]);
  });

  it("that do not get there are named with what the command says", async () => {
    await assert.rejects(deliver({ loadCommand: 'echo "no node" >&2; [ "$IMAGE" = a:1 ]' }), (error) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual(error.errorCodes, ["OBS1311"]);
      assert.match(error.message, /^image b:1: must get into the cluster by `echo .*`, got: .*no node/);
      return true;
    });
  });

  it("have no way where the settings say none", async () => {
    await assert.rejects(
      deliver({}),
      /^Error: kubernetes\.registry: must say where the cluster has images from, .*, got neither\n {2}next: npm run up /,
    );
  });
});
