import assert from "node:assert/strict";
import fc from "fast-check";
import {
  containerArgs,
  hardening,
  type ContainerPlace,
} from "../../../../components/platform/docker/container-args.ts";
import { dockerNames } from "../../../../components/platform/docker/docker-names.ts";
import { publishedAddresses } from "../../../../components/platform/platform.ts";
import type { Workload } from "../../../../components/platform/workload.ts";
import { instanceFact } from "../../../../config/env-value.ts";
import { containerInputs, type ContainerInputs } from "../../../support/docker-view.ts";
import { canonicalSeconds } from "../../../support/settings.ts";

const workload: Workload = {
  name: "shop",
  image: { kind: "reference", reference: "shop:1" },
  args: ["serve"],
  env: { B: "2", A: ["id=", instanceFact, ",again=", instanceFact, "~instance~"] },
  configFiles: [{ path: "/etc/shop.yaml", content: "a: 1\n" }],
  secretFiles: [],
  check: "none",
  ports: [
    { name: "http", port: 80, hostPort: 8000 },
    { name: "admin", port: 81, hostPort: "internal" },
  ],
  dataVolumes: [{ name: "shop_data", path: "/data" }],
  scratchPaths: ["/cache"],
  readiness: {
    port: 80,
    httpPath: "/",
    selfCheck: ["check"],
    intervalSeconds: 90,
    startPeriodSeconds: 3600,
    gates: true,
  },
  memoryMib: 128,
  userId: 1000,
  groupId: 1001,
  stopGraceSeconds: 45,
  replicas: 2,
  readsInstances: false,
};

const place: ContainerPlace = {
  stackName: "observability-dev",
  names: dockerNames("observability-dev", workload),
  networkName: "observability-dev",
  image: "shop:1",
  volumeNames: { shop_data: "observability-dev_shop_data" },
  checked: undefined,
};

/** Arguments without Outputs are plain values. */
function container(change: Partial<Workload> = {}, instance = 1): ContainerInputs {
  return containerInputs.parse(containerArgs({ ...workload, ...change }, instance, place));
}

describe("a container's arguments", () => {
  it("are exactly these for a workload that uses everything", () => {
    assert.deepEqual(container(), {
      name: "observability-dev-shop",
      image: "shop:1",
      hostname: "observability-dev-shop",
      command: ["serve"],
      envs: ["A=id=observability-dev-shop,again=observability-dev-shop~instance~", "B=2"],
      user: "1000:1001",
      uploads: [{ file: "/etc/shop.yaml", content: "a: 1\n", permissions: "0444" }],
      // Without the address the provider publishes on every network of the machine.
      ports: [{ internal: 80, external: 8000, ip: "127.0.0.1", protocol: "tcp" }],
      tmpfs: { "/cache": "rw,exec,nosuid,nodev,mode=1777" },
      volumes: [{ volumeName: "observability-dev_shop_data", containerPath: "/data" }],
      // Any other spelling of these durations is a difference on every `up`.
      healthcheck: { tests: ["CMD", "check"], interval: "1m30s", timeout: "10s", startPeriod: "1h0m0s", retries: 3 },
      wait: true,
      waitTimeout: 120,
      memory: 128,
      // Left out, the daemon sets twice the memory: a difference on every `up`.
      memorySwap: 128,
      // The custom network here as well would lose the aliases.
      networkMode: "bridge",
      networksAdvanced: [{ name: "observability-dev", aliases: ["shop"] }],
      restart: "unless-stopped",
      // The provider's default is SIGKILL at once.
      destroyGraceSeconds: 45,
      stopTimeout: 45,
      labels: [
        { label: "observability.stack", value: "observability-dev" },
        { label: "observability.workload", value: "shop" },
      ],
      capabilities: { drops: ["ALL"] },
      securityOpts: ["no-new-privileges:true"],
      logDriver: "json-file",
      logOpts: { "max-size": "10m", "max-file": "3" },
    });
  });

  it("take every privilege away and bound the logs", () => {
    assert.deepEqual(hardening, {
      capabilities: { drops: ["ALL"] },
      securityOpts: ["no-new-privileges:true"],
      logDriver: "json-file",
      logOpts: { "max-size": "10m", "max-file": "3" },
    });
  });

  it("give a second instance its own name and the same host, and leave the port to the first", () => {
    const name = "observability-dev-shop-2";
    assert.deepEqual(container({}, 2), {
      ...container(),
      name,
      hostname: name,
      envs: [`A=id=${name},again=${name}~instance~`, "B=2"],
      ports: [],
    });
  });

  it("have no health check, and so nothing to wait for, where the image has nothing to run", () => {
    const readiness = { ...workload.readiness, selfCheck: "none", gates: false } as const;
    const { healthcheck, wait, waitTimeout } = container({ readiness });
    assert.deepEqual([healthcheck, wait, waitTimeout], [undefined, undefined, undefined]);
  });

  it("refuse to gate others without a check, instead of letting them start early (S26)", () => {
    assert.throws(() => container({ readiness: { ...workload.readiness, selfCheck: "none" } }), {
      message: "readiness: must have a self check to gate others, got none; Docker has no other way to ask",
    });
  });

  it("refuse what only another platform knows of an instance", () => {
    assert.throws(() => container({ env: { A: [{ fill: "node" }] } }), {
      message: "env: must be made of what Docker knows of a container, its name, got node; leave it out",
    });
  });

  it("refuse a volume that nobody made", () => {
    assert.throws(() => container({ dataVolumes: [{ name: "other", path: "/other" }] }), {
      message: "other: must be created before the container that mounts it",
    });
  });

  it("are the same whatever the order in which the environment was written", () => {
    assert.deepEqual(container({ env: { A: "1", B: "2" } }), container({ env: { B: "2", A: "1" } }));
  });

  it("write every duration in Go's own spelling, whatever it is", () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(100_000), (intervalSeconds, startPeriodSeconds) => {
        const { healthcheck } = container({
          readiness: { ...workload.readiness, intervalSeconds, startPeriodSeconds },
        });
        assert.ok(healthcheck);
        assert.equal(canonicalSeconds(healthcheck.interval), intervalSeconds);
        assert.equal(canonicalSeconds(healthcheck.startPeriod), startPeriodSeconds);
        canonicalSeconds(healthcheck.timeout);
      }),
    );
  });

  it("keep memory and swap equal, whatever the limit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 6, max: 1_000_000 }), (memoryMib) => {
        const { memory, memorySwap } = container({ memoryMib });
        assert.deepEqual([memory, memorySwap], [memoryMib, memoryMib]);
      }),
    );
  });
});

describe("the addresses of containers", () => {
  it("are told for published ports only, on loopback (S27)", () => {
    assert.deepEqual(publishedAddresses(workload.ports), { http: "127.0.0.1:8000" });
  });
});
