import assert from "node:assert/strict";
import * as docker from "@pulumi/docker";
import { Provider } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import {
  InstrumentedService,
  JoinedStack,
  ObservabilityStack,
  type ObservabilityStackArgs,
} from "../../../components/index.ts";
import { recordResources, type RecordedResource } from "../../support/record-resources.ts";
import { refusalOf } from "../../support/refusal.ts";
import { noDocker } from "../../support/settings.ts";

const image = "registry.example.com/cart:1";
const settings: Readonly<Record<"docker" | "kubernetes", ObservabilityStackArgs>> = {
  docker: { target: "docker" },
  kubernetes: { target: "kubernetes", docker: { host: noDocker } },
};

/** A provider as the program of somebody with a cluster or a daemon of their own makes it. */
const create = {
  docker: () => new docker.Provider("mine", { host: "ssh://build@example.com" }),
  kubernetes: () => new Provider("mine", { kubeconfig: pulumi.output("{}") }),
};

function providersOf(resources: readonly RecordedResource[]): readonly string[] {
  const names = resources.filter(({ custom }) => custom).map(({ provider }) => /::([^:]*)::[^:]*$/.exec(provider)?.[1]);
  return [...new Set(names.flatMap((name) => name ?? []))].sort();
}

for (const target of ["docker", "kubernetes"] as const) {
  describe(`a provider of the program's own, on ${target}`, () => {
    const ways: Readonly<Record<string, () => pulumi.ComponentResourceOptions>> = {
      provider: () => ({ provider: create[target]() }),
      "a list of providers": () => ({ providers: [create[target]()] }),
      "providers by name": () => ({ providers: { [target]: create[target]() } }),
      "a parent": () => ({
        parent: new pulumi.ComponentResource("test:index:Team", "team", {}, { providers: [create[target]()] }),
      }),
    };
    for (const [way, opts] of Object.entries(ways)) {
      it(`is what everything is made with, by ${way}, and no other one is made`, async () => {
        const resources = await recordResources(() => {
          const given = opts();
          const stack = new ObservabilityStack("o", settings[target], given);
          new InstrumentedService("cart", { stack, image });
          const joined = new JoinedStack("other", stack.connection, {}, given);
          new InstrumentedService("orders", { stack: joined, image });
        });
        assert.deepEqual(providersOf(resources), ["mine"]);
        assert.deepEqual(
          resources.filter(({ type }) => type.startsWith("pulumi:providers:")).map(({ name }) => name),
          ["mine"],
        );
      });
    }
  });
}

describe("options of Pulumi", () => {
  it("are needed to leave the context of a cluster out, and a provider of Docker is none of them", async () => {
    await recordResources(() => {
      const said = refusalOf(
        () => new ObservabilityStack("o", { target: "kubernetes" }, { providers: [create.docker()] }),
      );
      assert.match(said, /kubernetes\.context: must be set with the target kubernetes/);
    });
  });

  it("reach the resources of the stack and of a service, as Pulumi hands them on to children", async () => {
    const resources = await recordResources(() => {
      const stack = new ObservabilityStack("o", settings.docker, { protect: true });
      new InstrumentedService("cart", { stack, image }, { protect: true });
    });
    const unprotected = resources.filter(({ protect, custom }) => custom && !protect).map(({ name }) => name);
    assert.deepEqual(unprotected, []);
  });
});
