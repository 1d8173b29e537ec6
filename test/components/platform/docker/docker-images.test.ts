import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { newDockerProvider } from "../../../../components/platform/docker/docker-provider.ts";
import { dockerBuilder, type DockerImages } from "../../../../components/platform/docker/docker-images.ts";
import type { WorkloadImage } from "../../../../components/platform/workload.ts";
import { dockerTypes } from "../../../support/docker-view.ts";
import { recordProgram, recordResources, type RecordedResource } from "../../../support/record-resources.ts";
import { noDocker } from "../../../support/settings.ts";
import { imageFolder } from "../../../support/workloads.ts";

const built = {
  kind: "build",
  name: "shop",
  contextPath: imageFolder,
  dockerfile: "Dockerfile",
  buildArgs: {},
} as const;

function reference(text: string): WorkloadImage {
  return { kind: "reference", reference: text };
}

/** What a program makes with the images of a stack, for which the daemon is asked for only if there is one to build. */
function record(program: (images: DockerImages) => void): Promise<readonly RecordedResource[]> {
  return recordResources(() => {
    const parent = new pulumi.ComponentResource("test:index:Parent", "parent");
    program(
      dockerBuilder({ resourcePrefix: "stack", builtPrefix: "shop-dev-", parent }, () =>
        newDockerProvider({ resourcePrefix: "stack" }, noDocker, { parent }),
      ),
    );
  });
}

/** The images as resources, each with its inputs. */
async function imagesOf(...images: readonly WorkloadImage[]): Promise<unknown> {
  const resources = await record((stack) => {
    for (const image of images) stack.get(image);
  });
  return resources.filter(({ type }) => type === dockerTypes.image).map(({ name, inputs }) => [name, inputs]);
}

describe("the images of a stack", () => {
  it("are one for all workloads that use it, and stay on the machine", async () => {
    const store = reference("registry.example.com:5000/team/store:1.0");
    assert.deepEqual(await imagesOf(store, { ...store }), [
      ["stack-image-team-store", { name: "registry.example.com:5000/team/store:1.0", keepLocally: true }],
    ]);
  });

  it("are two for two versions of one image", async () => {
    assert.deepEqual(await imagesOf(reference("team/store:1.0"), reference("team/store:2.0")), [
      ["stack-image-team-store", { name: "team/store:1.0", keepLocally: true }],
      ["stack-image-team-store-2", { name: "team/store:2.0", keepLocally: true }],
    ]);
  });

  it("are named after the repository, so that another version or registry is the same resource", async () => {
    for (const [text, name] of [
      ["team/store:2.0", "stack-image-team-store"],
      [`mirror.example.com/a/team/store@sha256:${"0".repeat(64)}`, "stack-image-team-store"],
      ["store:1", "stack-image-store"],
    ] as const) {
      assert.deepEqual(await imagesOf(reference(text)), [[name, { name: text, keepLocally: true }]]);
    }
  });

  it("are built from their folder under a tag that names the content", async () => {
    const [[name, inputs]] = (await imagesOf(built, { ...built })) as [[string, { readonly name: string }]];
    assert.equal(name, "stack-image-shop");
    assert.match(inputs.name, /^shop-dev-shop:[0-9a-f]{12}$/);
    assert.deepEqual(inputs, {
      name: inputs.name,
      build: { context: imageFolder, dockerfile: "Dockerfile", buildArgs: {} },
    });
  });

  it("are others when the arguments of a build change", async () => {
    const tags = new Set<string>();
    const variants: readonly Readonly<Record<string, string>>[] = [{}, { BASE: "a" }, { BASE: "b" }];
    for (const buildArgs of variants) tags.add(JSON.stringify(await imagesOf({ ...built, buildArgs })));
    assert.equal(tags.size, 3);
  });

  it("are built for the platform that is asked for, under another tag than for the daemon's own", async () => {
    const builtFor = async (buildPlatform?: string): Promise<{ readonly name: string; readonly build: object }> => {
      const resources = await recordResources(() => {
        const parent = new pulumi.ComponentResource("test:index:Parent", "parent");
        const args = { resourcePrefix: "stack", builtPrefix: "shop-dev-", buildPlatform, parent };
        dockerBuilder(args, () => newDockerProvider({ resourcePrefix: "stack" }, noDocker, { parent })).get(built);
      });
      const [inputs] = resources.filter(({ type }) => type === dockerTypes.image).map((image) => image.inputs);
      return inputs as { readonly name: string; readonly build: object };
    };
    const [own, arm, amd] = await Promise.all([builtFor(), builtFor("linux/arm64"), builtFor("linux/amd64")]);
    assert.deepEqual(arm.build, { ...own.build, platform: "linux/arm64" });
    assert.equal(new Set([own.name, arm.name, amd.name]).size, 3);
  });

  it("refuse two builds under one name, where the second service would run the first one's image", async () => {
    await record((images) => {
      assert.deepEqual(images.conflicts("image", built), []);
      images.get(built);
      assert.deepEqual(images.conflicts("image", { ...built }), []);
      assert.deepEqual(images.conflicts("image", { ...built, buildArgs: { BASE: "other" } }), [
        {
          path: "image",
          rule: "must be built one way only, as the image shop is already",
          got: JSON.stringify(imageFolder),
          change: "give one of two folders another name",
        },
      ]);
    });
  });
});

describe("a builder for a platform that runs images elsewhere", () => {
  it("asks for no daemon as long as there is nothing to build", async () => {
    const resources = await recordResources(() => {
      const parent = new pulumi.ComponentResource("test:index:Parent", "parent");
      dockerBuilder({ resourcePrefix: "stack", builtPrefix: "", parent }, () => {
        throw new Error("must not be asked for");
      });
    });
    assert.deepEqual(
      resources.map(({ name }) => name),
      ["parent"],
    );
  });

  it("has one provider for all that it builds", async () => {
    const resources = await record((images) => {
      images.get(built);
      images.get({ ...built, name: "web" });
    });
    const [provider, ...others] = resources.filter(({ type }) => type === "pulumi:providers:docker");
    assert.deepEqual(others, []);
    assert.deepEqual([provider?.name, provider?.inputs], ["stack-docker", { host: noDocker }]);
    const used = resources.filter(({ type }) => type === dockerTypes.image).map((image) => image.provider);
    assert.deepEqual(used, [`${provider?.urn ?? ""}::stack-docker-id`, `${provider?.urn ?? ""}::stack-docker-id`]);
  });

  it("says where an image is only once it is there, which a preview cannot know", async () => {
    const { outputs } = await recordProgram(() => {
      const parent = new pulumi.ComponentResource("test:index:Parent", "parent");
      const images = dockerBuilder({ resourcePrefix: "stack", builtPrefix: "", parent }, () =>
        newDockerProvider({ resourcePrefix: "stack" }, noDocker, { parent }),
      );
      return { named: images.get(reference("shop:1")).name, built: images.built(reference("shop:1")) };
    });
    assert.deepEqual(outputs, { named: "shop:1", built: { unknown: true } });
  });
});
