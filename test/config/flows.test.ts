import assert from "node:assert/strict";
import { InstrumentedService, ObservabilityStack } from "../../components/index.ts";
import { watchWorkloads } from "../../components/platform/watch-workloads.ts";
import type { Workload } from "../../components/platform/workload.ts";
import { flows, services } from "../../config/flows.ts";
import { isBackend, partList } from "../../config/parts/parts.ts";
import { recordResources } from "../support/record-resources.ts";
import { everyPart } from "../support/further-parts.ts";
import { noDocker, settings } from "../support/settings.ts";
import { shownEnv } from "../support/workload-view.ts";

const hosts = partList.map(({ host }) => host);

/** Every workload of a whole stack, with services for both protocols. */
async function workloads(target: "docker" | "kubernetes"): Promise<readonly Workload[]> {
  const seen: Workload[] = [];
  await recordResources(() => {
    watchWorkloads(
      ({ workload }) => seen.push(workload),
      () => {
        const kubernetes = { context: "kind-nowhere" };
        const stack = new ObservabilityStack("o", { ...everyPart, docker: { host: noDocker }, target, kubernetes });
        const image = "registry.example.com/shop/api:1.4.2";
        new InstrumentedService("shop-api", { stack, image });
        new InstrumentedService("shop-web", { stack, image, protocol: "http/protobuf" });
      },
    );
  });
  return seen;
}

/** Every `host:port` of a backend in what a workload is told: its arguments, its environment and its files. */
function addresses({ args, env, configFiles }: Workload): readonly string[] {
  const told = [
    ...args.map(String),
    ...Object.values(shownEnv(env)),
    ...configFiles.map(({ content }) => content),
  ].join("\n");
  const backend = `(?<![\\w.-])(?:${hosts.join("|")}):\\d+`;
  return [...told.matchAll(new RegExp(backend, "g"))].map(([address]) => address);
}

/** Hosts of all URLs in the same places. */
function urlHosts({ args, env, configFiles }: Workload): readonly string[] {
  const told = [
    ...args.map(String),
    ...Object.values(shownEnv(env)),
    ...configFiles.map(({ content }) => content),
  ].join("\n");
  return [...told.matchAll(/https?:\/\/([^\s/"'?#]*)/g)].map(([, host = ""]) => host);
}

const asText = (from: string, address: string): string => `${from} → ${address}`;

describe("the table of flows", () => {
  for (const target of ["docker", "kubernetes"] as const) {
    it(`has every address that the parts of a stack on ${target} are told, and no other`, async () => {
      const told = (await workloads(target)).flatMap((workload) =>
        addresses(workload).map((address) => asText(isBackend(workload.name) ? workload.name : services, address)),
      );
      const table = flows.map(({ from, to, port }) => asText(from, `${to}:${port}`));
      assert.deepEqual([...new Set(told)].sort(), table.toSorted());
    });

    it(`overlooks no address on ${target}: every URL names a backend with its port, or this machine`, async () => {
      const known = new Set(flows.map(({ to, port }) => `${to}:${port}`));
      const local = Object.values(settings().ports).map((port) => `127.0.0.1:${port}`);
      // The API server is no part: who may ask it is asked for by what it may do (test/components/platform/contract.test.ts).
      local.push("kubernetes.default.svc");
      const others = (await workloads(target)).flatMap((workload) =>
        urlHosts(workload).filter((host) => !known.has(host) && !local.includes(host)),
      );
      assert.deepEqual(others, []);
    });
  }

  it("leads to ports on which the workload listens", async () => {
    const listening = (await workloads("docker")).flatMap(({ name, ports }) =>
      ports.map(({ port }) => `${name}:${port}`),
    );
    const missing = flows.map(({ to, port }) => `${to}:${port}`).filter((address) => !listening.includes(address));
    assert.deepEqual(missing, []);
  });
});
