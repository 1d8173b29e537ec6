import assert from "node:assert/strict";
import { previewProgram, secretValue, type ProgramPreview } from "@observability/stack/testing";
import type { ObservabilityStackArgs } from "@observability/stack";
import { shop } from "./shop.ts";

const preview = (settings: ObservabilityStackArgs = {}) =>
  previewProgram(() => shop(settings), { project: "shop", stack: "dev" });

const named = ({ resources }: ProgramPreview, type: string) =>
  resources.filter((resource) => resource.type === type).map(({ name }) => name);

describe("the shop", () => {
  it("is a stack and a service on Docker", async () => {
    const planned = await preview();
    const { outputs, footprint } = planned;
    assert.deepEqual([outputs["serviceName"], outputs["grafanaPassword"]], ["shop-checkout", secretValue]);
    assert.ok(named(planned, "docker:index/container:Container").includes("observability-checkout"));
    assert.deepEqual(footprint.hostPorts, [3000, 3100, 4317, 4318, 8085, 8428, 16686]);
  });

  it("is a stack and a service on a cluster", async () => {
    const planned = await preview({ target: "kubernetes", kubernetes: { context: "kind-shop" } });
    assert.ok(named(planned, "kubernetes:apps/v1:Deployment").includes("observability-checkout"));
    assert.deepEqual(named(planned, "docker:index/container:Container"), []);
  });
});
