import assert from "node:assert/strict";
import { join } from "node:path";
import { plannedImages, podImages } from "../../../cli/preview/planned-images.ts";
import { defaultImages } from "../../../config/resolve-images.ts";
import type { StackSettingsInput } from "../../../config/settings-and-defaults.ts";
import { InstrumentedService } from "../../../components/index.ts";
import { previewStack } from "../../../components/preview/preview-stack.ts";
import { furtherHosts } from "../../support/further-parts.ts";

const operator = "open-telemetry/opentelemetry-operator";

/** What is needed besides the stack's own images. */
async function neededBy(given: StackSettingsInput): Promise<readonly string[]> {
  // The canary would need the image of Node.js anyhow.
  const settings = { ...given, canary: { enabled: false } };
  const own = plannedImages((await previewStack(settings)).resources);
  const { resources } = await previewStack(settings, (stack) => {
    const image = "registry.example.com/checkout:1.4.2";
    new InstrumentedService("python", { stack, image, instrument: "python" });
    new InstrumentedService("java", { stack, image, instrument: "java" });
    new InstrumentedService("mirrored", { stack, image, instrument: "java", instrumentImage: "own/agent:1" });
    new InstrumentedService("nodejs", { stack, image, instrument: "nodejs" });
    const context = join(import.meta.dirname, "../../e2e/fixtures/plain-service");
    new InstrumentedService("built", { stack, build: { context } });
  });
  return plannedImages(resources).filter((reference) => !own.includes(reference));
}

describe("the images that a program needs", () => {
  it("are those of the stack and of its services, what instruments these included, and what is built upon", async () => {
    const { resources } = await previewStack({ images: { grafana: "mirror/grafana:12.3.1" } });
    const stack = plannedImages(resources);
    assert.equal(stack.length, 5 + furtherHosts.length);
    assert.ok(stack.includes("mirror/grafana:12.3.1"));
    assert.deepEqual(await neededBy({}), [
      `ghcr.io/${operator}/autoinstrumentation-java:2.30.0`,
      `ghcr.io/${operator}/autoinstrumentation-python:0.64b0`,
      "node:22.23.2-bookworm-slim",
      "own/agent:1",
      "registry.example.com/checkout:1.4.2",
    ]);
  });

  it("come from the registry of the settings, but for those that somebody has named", async () => {
    assert.deepEqual(await neededBy({ imageRegistry: "mirror.example.com/hub/" }), [
      "mirror.example.com/hub/node:22.23.2-bookworm-slim",
      `mirror.example.com/hub/${operator}/autoinstrumentation-java:2.30.0`,
      `mirror.example.com/hub/${operator}/autoinstrumentation-python:0.64b0`,
      "own/agent:1",
      "registry.example.com/checkout:1.4.2",
    ]);
  });
});

describe("the images that pods run", () => {
  it("are those of the stack and of services, but not those that are built here", async () => {
    const kubernetes: StackSettingsInput = { target: "kubernetes", kubernetes: { context: "kind-test" } };
    const { resources } = await previewStack(kubernetes, (stack) => {
      new InstrumentedService("checkout", { stack, image: "registry.example.com/checkout:1.4.2" });
      new InstrumentedService("built", {
        stack,
        build: { context: join(import.meta.dirname, "../../e2e/fixtures/plain-service") },
      });
    });
    const images = podImages(resources);
    assert.ok(images.includes("registry.example.com/checkout:1.4.2") && images.includes(defaultImages.loki));
    assert.deepEqual(
      images.filter((image) => image.includes("built")),
      [],
    );
    assert.deepEqual(podImages((await previewStack({})).resources), []);
  });
});
