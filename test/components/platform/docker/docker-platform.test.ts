import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { withCode } from "../../../../config/coded-error.ts";
import { createPlatform } from "../../../../components/platform/create-platform.ts";
import { hardening } from "../../../../components/platform/docker/container-args.ts";
import { newDockerProvider } from "../../../../components/platform/docker/docker-provider.ts";
import { DockerPlatform } from "../../../../components/platform/docker/docker-platform.ts";
import type { Platform } from "../../../../components/platform/platform.ts";
import { probesOf } from "../../../../components/platform/probes.ts";
import type { Workload } from "../../../../components/platform/workload.ts";
import { allContainers, dockerTypes, isCheck, isCopy, isHelper, isWaiting } from "../../../support/docker-view.ts";
import { recordResources, type RecordedResource } from "../../../support/record-resources.ts";
import { noDocker, settings } from "../../../support/settings.ts";
import { plainWorkload } from "../../../support/workloads.ts";

const platformArgs = {
  resourcePrefix: "stack",
  name: "shop-dev",
  isJoined: false,
  owner: "shop/dev",
  helperImage: "helper:1",
};

const workload: Workload = {
  ...plainWorkload,
  name: "store",
  image: { kind: "reference", reference: "registry.example.com:5000/team/store:1.0" },
  args: [],
  env: {},
  configFiles: [],
  secretFiles: [],
  check: "none",
  ports: [{ name: "http", port: 80, hostPort: 8000 }],
  dataVolumes: [{ name: "store_data", path: "/data", sizeMib: 7168 }],
  imageMounts: [],
  scratchPaths: [],
  probes: probesOf({
    port: 80,
    httpPath: "/",
    selfCheck: ["c"],
    intervalSeconds: 2,
    startPeriodSeconds: 30,
    gates: true,
  }),
  memoryMib: 128,
  userId: 10001,
  groupId: 10002,
  stopGraceSeconds: 45,
  replicas: 1,
  readsInstances: false,
};

type Program = (platform: Platform, parent: pulumi.Resource) => void;

function record(program: Program): Promise<readonly RecordedResource[]> {
  return recordResources(() => {
    const parent = new pulumi.ComponentResource("test:index:Parent", "parent");
    const provider = newDockerProvider(platformArgs, noDocker, { parent });
    program(new DockerPlatform({ ...platformArgs, provider }, { parent }), parent);
  });
}

function run(...workloads: readonly Partial<Workload>[]): Promise<readonly RecordedResource[]> {
  return record((platform, parent) => {
    for (const change of workloads) platform.run({ ...workload, ...change }, { parent, dependsOn: [] });
  });
}

function one(resources: readonly RecordedResource[], name: string): RecordedResource {
  const [found, ...others] = resources.filter((resource) => resource.name === name);
  assert.ok(found, `${name} is missing`);
  assert.deepEqual(others, []);
  return found;
}

function names(resources: readonly RecordedResource[], type: string): string[] {
  return resources.filter((resource) => resource.type === type).map(({ name }) => name);
}

describe("the Docker platform", () => {
  it("makes one network, and for a workload its image, its volume, the volume's owner, its container and what waits for it", async () => {
    const resources = await run({});
    assert.deepEqual(resources.map(({ type, name }) => `${type.split(":").at(-1) ?? ""} ${name}`).sort(), [
      ...["Container stack-store", "Container stack-store-data-owner", "Container stack-store-ready"],
      ...["Network stack-network", "Parent parent", "RemoteImage stack-image-helper"],
      ...["RemoteImage stack-image-team-store", "Volume stack-store-data", "docker stack-docker"],
    ]);
  });

  it("talks to one daemon through one explicit provider", async () => {
    const resources = await run({});
    assert.deepEqual(one(resources, "stack-docker").inputs, { host: noDocker });
    const providers = resources.filter(({ type }) => type.startsWith("docker:")).map(({ provider }) => provider);
    assert.equal(providers.length, 7);
    for (const provider of providers) assert.match(provider, /::stack-docker::stack-docker-id$/);
  });

  it("names no arguments where there are none: an empty list would replace the container with each deployment", async () => {
    const [container] = allContainers(await run({ args: [] }));
    assert.ok(container !== undefined && !("command" in container.inputs));
  });

  it("asks for the docker command's daemon when the settings name none", async () => {
    const before = process.env["DOCKER_HOST"];
    process.env["DOCKER_HOST"] = "tcp://docker.example.com:2375";
    try {
      const resources = await recordResources(() => {
        const parent = new pulumi.ComponentResource("test:index:Parent", "parent");
        createPlatform("stack", { ...settings(), docker: {} }, { parent });
      });
      assert.deepEqual(one(resources, "stack-docker").inputs, { host: "tcp://docker.example.com:2375" });
    } finally {
      if (before === undefined) delete process.env["DOCKER_HOST"];
      else process.env["DOCKER_HOST"] = before;
    }
  });

  it("keeps a volume by its fixed name, and lets no change replace it", async () => {
    const volume = one(await run({}), "stack-store-data");
    assert.equal(volume.inputs["name"], "shop-dev_store_data");
    assert.equal(volume.protect, true);
    assert.deepEqual(volume.ignoreChanges, ["labels", "driver", "driverOpts"]);
    assert.deepEqual(volume.replaceOnChanges, []);
    assert.deepEqual(volume.dependencies, []);
  });

  it("protects data alone: a plain `down` removes everything else", async () => {
    const kept = (await run({})).filter(({ protect }) => protect);
    assert.deepEqual(
      kept.map(({ name }) => name),
      ["stack-store-data"],
    );
  });

  it("replaces a container by stopping it first, also for what the provider would change on paper only", async () => {
    const container = one(await run({}), "stack-store");
    assert.equal(container.deleteBeforeReplace, true);
    assert.deepEqual(container.replaceOnChanges, ["networkDatas", "healthcheck", "tmpfs"]);
    assert.deepEqual(container.ignoreChanges, []);
    assert.equal(container.protect, false);
  });

  it("waits longer than the container's own grace period before it gives up on stopping it", async () => {
    assert.equal(one(await run({}), "stack-store").deleteTimeout, "105s");
  });

  it("refuses what only Kubernetes has, by name, and networks that are no further ones", async () => {
    await record((platform, parent) => {
      const kubernetes = { spread: "required", preStopSeconds: 0 } as const;
      const docker = { networks: ["databases", "shop-dev", "host"] };
      const further = "must be a further network that was made for containers";
      const nothing = "must be left out on Docker, which has nothing like it";
      const change = "remove it, or give it only where the target is kubernetes";
      assert.throws(() => platform.run({ ...workload, kubernetes, docker }, { parent, dependsOn: [] }), {
        message: [
          `store.kubernetes.spread: ${nothing}, got "required"; ${change}`,
          `store.kubernetes.preStopSeconds: ${nothing}, got 0; ${change}`,
          `store.docker.networks.1: ${further}, got "shop-dev"; leave it out`,
          `store.docker.networks.2: ${further}, got "host"; leave it out (OBS1002)`,
        ].join("\n"),
      });
    });
  });

  it("refuses each port of a list that another workload has", async () => {
    await record((platform, parent) => {
      const first = {
        ...workload,
        dataVolumes: [],
        ports: [{ name: "http", port: 80, hostPort: [8000, 8001] }],
        replicas: 2,
      };
      platform.run(first, { parent, dependsOn: [] });
      const second = {
        ...workload,
        name: "second",
        dataVolumes: [],
        ports: [{ name: "http", port: 80, hostPort: 8001 }],
      };
      assert.throws(() => platform.run(second, { parent, dependsOn: [] }), {
        message:
          "second.ports.0.hostPort: must differ from the ports of store, got 8001; change one of the two (OBS1002)",
      });
    });
  });

  it("starts nobody who waits for a workload before it has answered (S26)", async () => {
    const resources = await record((platform, parent) => {
      const store = platform.run(workload, { parent, dependsOn: [] });
      platform.run({ ...workload, name: "second", ports: [], dataVolumes: [] }, { parent, dependsOn: store.ready() });
    });
    const ready = one(resources, "stack-store-ready");
    assert.deepEqual(one(resources, "stack-second").dependencies.includes(ready.urn), true);
    // Another container of the workload has another id, and is waited for anew.
    const labels = ready.inputs["labels"] as { label: string; value: unknown }[];
    assert.equal(labels.find(({ label }) => label === "observability.waits-for")?.value, "stack-store-id");
  });

  it("starts a container after its network, its image, its volume and the volume's owner", async () => {
    const resources = await run({});
    const urns = ["stack-image-team-store", "stack-network", "stack-store-data", "stack-store-data-owner"];
    assert.deepEqual(
      [...one(resources, "stack-store").dependencies].sort(),
      urns.map((name) => one(resources, name).urn).sort(),
    );
  });

  it("starts a container after what its workload waits for (S26)", async () => {
    const resources = await record((platform, parent) => {
      const first = new pulumi.ComponentResource("test:index:First", "first", {}, { parent });
      platform.run(workload, { parent: first, dependsOn: [] });
      const second = { ...workload, name: "second", ports: [], dataVolumes: [] };
      platform.run(second, { parent, dependsOn: [first] });
    });
    assert.ok(one(resources, "stack-second").dependencies.includes(one(resources, "stack-store").urn));
  });

  const check = { args: ["validate", "/a"], setting: "store.config" } as const;
  const configFiles = [{ path: "/a", content: "x: 1" }];

  it("checks a configuration by the workload's own image, user, files and memory, with no network and no data", async () => {
    const resources = await run({ check, configFiles, scratchPaths: [{ path: "/tmp", sizeMib: "none" }] });
    const { inputs, deleteBeforeReplace, dependencies } = one(resources, "stack-store-check");
    const { labels: _, ...rest } = inputs;
    assert.deepEqual(rest, {
      name: "shop-dev-store-check",
      image: "registry.example.com:5000/team/store:1.0",
      command: ["validate", "/a"],
      user: "10001:10002",
      uploads: [{ file: "/a", content: "x: 1", permissions: "0444" }],
      tmpfs: { "/tmp": "rw,exec,nosuid,nodev,mode=1777" },
      memory: 128,
      memorySwap: 128,
      networkMode: "none",
      mustRun: false,
      attach: true,
      logs: true,
      restart: "no",
      ...hardening,
    });
    assert.equal(deleteBeforeReplace, true);
    assert.deepEqual(dependencies, [one(resources, "stack-image-team-store").urn]);
  });

  it("checks once for all instances, and not at all where nothing runs", async () => {
    const named = async (replicas: number): Promise<number> =>
      allContainers(await run({ check, configFiles, replicas })).filter(isCheck).length;
    assert.deepEqual([await named(2), await named(1), await named(0)], [1, 1, 0]);
  });

  it("hands a new volume over with one capability, no network and as little memory", async () => {
    const { inputs } = one(await run({}), "stack-store-data-owner");
    const { entrypoints, command, labels: _, ...rest } = inputs;
    assert.deepEqual(
      [entrypoints, command],
      [
        ["/bin/sh", "-c"],
        [
          'test -n "$(find /data -maxdepth 0 -user 10001 -group 10002)" || { : > /data/.volume && chown -R 10001:10002 /data; }',
        ],
      ],
    );
    assert.deepEqual(rest, {
      name: "shop-dev-store-data-owner",
      image: "helper:1",
      user: "0",
      volumes: [{ volumeName: "shop-dev_store_data", containerPath: "/data" }],
      networkMode: "none",
      mustRun: false,
      attach: true,
      restart: "no",
      memory: 32,
      memorySwap: 32,
      // CHOWN instead of CAP_CHOWN is a difference after every refresh.
      capabilities: { drops: ["ALL"], adds: ["CAP_CHOWN"] },
      securityOpts: ["no-new-privileges:true"],
      logDriver: "json-file",
      logOpts: { "max-size": "10m", "max-file": "3" },
    });
  });

  it("keeps data and runs nothing with no instances", async () => {
    const resources = await run({ replicas: 0 });
    assert.deepEqual(names(resources, dockerTypes.container), []);
    assert.deepEqual(names(resources, dockerTypes.image), []);
    assert.deepEqual(names(resources, dockerTypes.volume), ["stack-store-data"]);
  });

  it("prepares a volume once for all instances that share it", async () => {
    const containers = allContainers(await run({ replicas: 2 }));
    assert.deepEqual(
      containers.filter((container) => isHelper(container) && !isWaiting(container)).map(({ name }) => name),
      ["stack-store-data-owner"],
    );
    assert.deepEqual(
      containers.filter((container) => !isHelper(container)).map(({ name }) => name),
      ["stack-store", "stack-store-2"],
    );
  });

  it("copies the files of another image into a volume of its own, with no right but to write there", async () => {
    const image = { kind: "reference", reference: "extra:1" } as const;
    const resources = await run({ imageMounts: [{ name: "extra", image, from: "/extra/.", path: "/mounted" }] });
    const copies = allContainers(resources).filter(isCopy);
    const [copy] = copies;
    assert.ok(copy !== undefined && copies.length === 1);
    const { entrypoints, command, user, networkMode, memory, memorySwap, capabilities } = copy.inputs;
    assert.deepEqual(
      { entrypoints, command, user, networkMode, memory, memorySwap, capabilities },
      {
        entrypoints: ["cp"],
        command: ["-r", "/extra/.", "/mounted"],
        user: "0",
        networkMode: "none",
        memory: 64,
        memorySwap: 64,
        capabilities: { drops: ["ALL"] },
      },
    );
    const volume = resources.find(({ name }) => name === "stack_store-extra");
    assert.deepEqual([volume?.protect, volume?.inputs["name"]], [false, "shop-dev_store-extra"]);
    // Another image is another volume.
    assert.deepEqual((volume?.inputs["labels"] as unknown[]).at(-1), {
      label: "observability.image",
      value: "extra:1",
    });
  });

  describe("refuses", () => {
    const refuses = (first: Partial<Workload>, second: Partial<Workload>, message: string): Promise<unknown> =>
      record((platform, parent) => {
        platform.run({ ...workload, ...first }, { parent, dependsOn: [] });
        assert.throws(() => platform.run({ ...workload, dataVolumes: [], ...second }, { parent, dependsOn: [] }), {
          message: withCode("OBS1002", message),
        });
      });

    it("a name that is taken", () =>
      refuses(
        {},
        { ports: [] },
        'store.name: must be unique in the stack, got "shop-dev-store"; rename one of the two',
      ));

    it("a name that is taken by a workload without instances, whose data has it", () =>
      refuses(
        { replicas: 0 },
        { ports: [] },
        'store.name: must be unique in the stack, got "shop-dev-store"; rename one of the two',
      ));

    it("the name of another workload's second instance", () =>
      refuses(
        { replicas: 2 },
        { name: "store-2", ports: [] },
        'store-2.name: must be unique in the stack, got "shop-dev-store-2"; rename one of the two',
      ));

    it("the name of what copies files of another image, and of the volume with them", () => {
      const image = { kind: "reference", reference: "extra:1" } as const;
      const imageMounts = [{ name: "extra", image, from: "/extra/.", path: "/extra" }];
      return Promise.all([
        refuses(
          { imageMounts },
          { name: "store-extra", ports: [] },
          'store-extra.name: must be unique in the stack, got "shop-dev-store-extra"; rename one of the two',
        ),
        refuses(
          { dataVolumes: [{ name: "other-extra", path: "/data", sizeMib: 1024 }] },
          { name: "other", ports: [], imageMounts },
          'other.name: must be unique in the stack, got "shop-dev_other-extra"; rename one of the two',
        ),
      ]);
    });

    it("a port that is published twice", () =>
      refuses(
        {},
        { name: "other" },
        "other.ports.0.hostPort: must differ from the ports of store, got 8000; change one of the two",
      ));

    it("all that is taken and all that is invalid at once", () =>
      refuses(
        {},
        { memoryMib: 1 },
        [
          "store.memoryMib: must be a whole number from 6 to 1048576 (less is refused by Docker), got 1; choose one in the range",
          'store.name: must be unique in the stack, got "shop-dev-store"; rename one of the two',
          "store.ports.0.hostPort: must differ from the ports of store, got 8000; change one of the two",
        ].join("\n"),
      ));

    it("an invalid workload", () =>
      refuses(
        {},
        { name: "Other", ports: [] },
        'Other.name: must be a DNS label: at most 63 lower-case letters, digits and inner hyphens, a letter first, got "Other"; rename it',
      ));
  });
});

describe("createPlatform", () => {
  it("gives Docker the stack's name, its daemon, and a helper from the image table", async () => {
    const resources = await recordResources(() => {
      const parent = new pulumi.ComponentResource("test:index:Parent", "parent");
      const wanted = settings({ name: "elsewhere", imageRegistry: "registry.example.com" });
      createPlatform("observability", wanted, { parent }).run(workload, { parent, dependsOn: [] });
    });
    assert.deepEqual(one(resources, "observability-docker").inputs, { host: noDocker });
    assert.equal(one(resources, "observability-network").inputs["name"], "elsewhere");
    assert.equal(
      one(resources, "observability-store-data-owner").inputs["image"],
      settings({ imageRegistry: "registry.example.com" }).images.victoriaMetrics,
    );
  });
});
