import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import {
  containerArgs,
  hardening,
  readyArgs,
  stackLabels,
  type InstanceContext,
} from "../../../../components/platform/docker/container-args.ts";
import { publishedAddresses } from "../../../../components/platform/platform.ts";
import { probesOf, type Readiness } from "../../../../components/platform/probes.ts";
import type { Workload } from "../../../../components/platform/workload.ts";
import { instanceFact } from "../../../../config/env-value.ts";
import { containerInputs, type ContainerInputs } from "../../../support/docker-view.ts";
import { canonicalSeconds } from "../../../support/settings.ts";
import { plainWorkload } from "../../../support/workloads.ts";

const readiness: Readiness = {
  port: 80,
  httpPath: "/",
  selfCheck: ["check"],
  intervalSeconds: 90,
  startPeriodSeconds: 3600,
  gates: true,
};

const workload: Workload = {
  ...plainWorkload,
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
  dataVolumes: [{ name: "shop_data", path: "/data", sizeMib: 1024 }],
  imageMounts: [
    { name: "extra", image: { kind: "reference", reference: "extra:1" }, from: "/extra/.", path: "/mounted" },
  ],
  scratchPaths: [{ path: "/cache", sizeMib: "none" }],
  probes: probesOf(readiness),
  memoryMib: 128,
  userId: 1000,
  groupId: 1001,
  stopGraceSeconds: 45,
  replicas: 2,
  readsInstances: false,
};

const place: InstanceContext = {
  name: "observability-dev-shop",
  image: "shop:1",
  labels: stackLabels({ name: "observability-dev", owner: "observability/dev" }, workload.name),
  alias: "shop",
  instance: 1,
  networkName: "observability-dev",
  volumes: [
    { volumeName: "observability-dev_shop_data", containerPath: "/data" },
    { volumeName: "observability-dev_shop-extra", containerPath: "/mounted", readOnly: true },
  ],
  checked: undefined,
};

/** Arguments without Outputs are plain values. */
function container(change: Partial<Workload> = {}, its: Partial<InstanceContext> = {}): ContainerInputs {
  return containerInputs.parse(containerArgs({ ...workload, ...change }, { ...place, ...its }));
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
      tmpfs: { "/cache": "rw,exec,nosuid,nodev,mode=0755,uid=1000,gid=1001" },
      volumes: [
        { volumeName: "observability-dev_shop_data", containerPath: "/data" },
        { volumeName: "observability-dev_shop-extra", containerPath: "/mounted", readOnly: true },
      ],
      // Any other spelling of these durations is a difference on every `up`.
      healthcheck: { tests: ["CMD", "check"], interval: "30s", timeout: "10s", startPeriod: "1h0m0s", retries: 3 },
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
        { label: "observability.stack", value: "observability/dev" },
        { label: "observability.name", value: "observability-dev" },
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
    assert.deepEqual(container({}, { instance: 2, name }), {
      ...container(),
      name,
      hostname: name,
      envs: [`A=id=${name},again=${name}~instance~`, "B=2"],
      ports: [],
    });
  });

  it("have no health check where the image has nothing to run", () => {
    assert.equal(container({ probes: probesOf({ ...readiness, selfCheck: "none" }) }).healthcheck, undefined);
  });

  it("promise and limit the processor and the memory in the words of Docker", () => {
    const { memory, memoryReservation, cpuShares, cpus } = container({
      memoryRequestMib: 64,
      cpuRequestMillicores: 1500,
      cpuLimitMillicores: 2050,
    });
    assert.deepEqual([memory, memoryReservation, cpuShares, cpus], [128, 64, 1536, "2.05"]);
    // Linux has no less.
    assert.equal(container({ cpuRequestMillicores: 1 }).cpuShares, 2);
  });

  it("refuse what only another platform knows of an instance", () => {
    assert.throws(() => container({ env: { A: [{ fill: "node" }] } }), {
      message: "env: must be made of what Docker knows of a container, its name, got node; leave it out",
    });
  });

  it("are the same whatever the order in which the environment was written", () => {
    assert.deepEqual(container({ env: { A: "1", B: "2" } }), container({ env: { B: "2", A: "1" } }));
  });

  it("write every duration in Go's own spelling, whatever it is", () => {
    fc.assert(
      fc.property(fc.nat(100_000), (startPeriodSeconds) => {
        const { healthcheck } = container({ probes: probesOf({ ...readiness, startPeriodSeconds }) });
        assert.ok(healthcheck);
        canonicalSeconds(healthcheck.interval);
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

describe("the arguments of a container that waits for a workload", () => {
  const waiting = (change: Partial<Workload> = {}): ContainerInputs =>
    containerInputs.parse(
      readyArgs(
        { ...workload, ...change },
        { ...place, name: "observability-dev-shop-ready", image: "helper:1" },
        "id of shop",
      ),
    );

  it("are exactly these: it asks over the network, and has neither files nor data nor a port", () => {
    assert.deepEqual(waiting(), {
      name: "observability-dev-shop-ready",
      image: "helper:1",
      entrypoints: ["/bin/sh", "-c"],
      command: [
        'trap "exit 1" TERM; (sleep 120; kill $$) & until { wget -q -O /dev/null http://shop:80/ & wait $!; }; do sleep 1; done',
      ],
      user: "65534:65534",
      memory: 32,
      memorySwap: 32,
      networkMode: "bridge",
      networksAdvanced: [{ name: "observability-dev" }],
      mustRun: false,
      attach: true,
      restart: "no",
      labels: [
        { label: "observability.stack", value: "observability/dev" },
        { label: "observability.name", value: "observability-dev" },
        { label: "observability.workload", value: "shop" },
        { label: "observability.waits-for", value: "id of shop" },
      ],
      ...hardening,
    });
  });

  it("refuse a workload that answers nobody, instead of letting others start early (S26)", () => {
    assert.throws(() => waiting({ probes: probesOf({ ...readiness, httpPath: "none" }) }), {
      message: "shop: must answer over the network to gate others, got no such probe of its readiness",
    });
  });

  for (const [seconds, server, code] of [
    [0, true, 0],
    [120, false, 1],
  ] as const) {
    it(`end with ${code} ${server ? "as soon as it answers" : `after ${seconds} s without an answer`}`, async () => {
      const answering = createServer((_, response) => response.end()).listen(0, "127.0.0.1");
      await once(answering, "listening");
      const { port } = answering.address() as AddressInfo;
      if (!server) answering.close();
      const [script = ""] = waiting({ probes: probesOf({ ...readiness, port }) }).command ?? [];
      // Without busybox's `wget`, which not every machine has, and in hundredths of a second.
      const here = script
        .replace(
          /wget \S+ \S+ \S+ http:\/\/shop/,
          "node -e 'fetch(process.argv[1]).catch(() => process.exit(1))' http://127.0.0.1",
        )
        .replaceAll(/sleep (\d+)/g, (_, duration: string) => `sleep ${Number(duration) / 100}`);
      const ended = spawn("/bin/sh", ["-c", here], { stdio: "ignore" });
      assert.deepEqual(await once(ended, "exit"), [code, null]);
      answering.close();
    });
  }
});

describe("the addresses of containers", () => {
  it("are told for published ports only, on loopback (S27)", () => {
    assert.deepEqual(publishedAddresses(workload.ports), { http: "127.0.0.1:8000" });
  });
});
