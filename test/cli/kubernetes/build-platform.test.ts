import assert from "node:assert/strict";
import { Docker } from "../../../cli/docker/docker.ts";
import { checkBuildPlatform } from "../../../cli/kubernetes/build-platform.ts";
import { programSettings } from "../../../config/program-settings.ts";
import { FakeApiServer, type Answer } from "../../support/fake-api-server.ts";
import { fakeCommand, type FakeCommand } from "../../support/fake-command.ts";

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
    fake = fakeCommand("docker", `[ "$*" = "version --format {{.Server.Os}}/{{.Server.Arch}}" ] && echo ${docker}`);
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
      await checkBuildPlatform(
        server.cluster(),
        programSettings(Object.fromEntries(texts) as Record<string, string>, {
          project: "observability",
          stack: "shop",
        }),
        new Docker(undefined, fake.env),
        (line) => said.push(line),
      );
      return undefined;
    } catch (error) {
      if (error instanceof Error && error.name === "Error") return error.message;
      throw error;
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
