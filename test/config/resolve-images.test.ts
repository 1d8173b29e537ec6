import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defaultImages, resolveImages, type ImageName } from "../../config/resolve-images.ts";
import { allFurtherParts } from "../support/further-parts.ts";

const names: readonly ImageName[] = [
  ...(["loki", "victoriaMetrics", "jaeger", "otelCollector", "grafana", "node"] as const),
  ...allFurtherParts.map(([name]) => name),
];

describe("images", () => {
  it("are the pinned table when nothing is set", () => {
    assert.deepEqual(resolveImages("", {}), defaultImages);
  });

  it("are pinned to a full version each, never to a moving tag", () => {
    for (const [name, reference] of Object.entries(defaultImages)) {
      assert.match(reference, /^[a-z0-9/-]+:v?\d+\.\d+\.\d+(-bookworm-slim)?$/, name);
    }
  });

  for (const dockerfile of ["services/Dockerfile", "test/e2e/fixtures/own-service/Dockerfile"]) {
    it(`are what ${dockerfile} begins with`, () => {
      const text = readFileSync(join(import.meta.dirname, "..", "..", dockerfile), "utf8");
      const named = [...text.matchAll(/^(?:ARG NODE_IMAGE=|FROM )([^$\s]+)$/gm)].map(([, image]) => image);
      assert.deepEqual(named, [defaultImages.node]);
    });
  }

  it("are the majors whose configuration this repository writes: Loki 3, Jaeger 2, a Collector without `logging` (D7, D11)", () => {
    const majors = [defaultImages.loki, defaultImages.jaeger, defaultImages.otelCollector].map(
      (reference) => reference.split(":")[1]?.split(".").slice(0, 2).map(Number) ?? [],
    );
    const [loki, jaeger, collector] = majors;
    assert.equal(loki?.[0], 3);
    assert.equal(jaeger?.[0], 2);
    // The exporters `otlp_http` and `otlp_grpc` have these names since 0.143.
    assert.ok((collector?.[1] ?? 0) >= 143);
  });

  it("get the registry in front, with or without a slash at its end", () => {
    for (const registry of ["registry.example.com/mirror", "registry.example.com/mirror/"]) {
      const images = resolveImages(registry, {});
      assert.deepEqual(
        names.map((name) => images[name]),
        names.map((name) => `registry.example.com/mirror/${defaultImages[name]}`),
      );
    }
  });

  it("are taken as they stand where they are overridden, each by its own name", () => {
    for (const name of names) {
      const images = resolveImages("registry.example.com", { [name]: "other/image:1" });
      // What runs in Node.js' image follows it.
      const follows = (each: ImageName): boolean => name === "node" && defaultImages[each] === defaultImages.node;
      const expected = Object.fromEntries(
        names.map((each) => [
          each,
          each === name || follows(each) ? "other/image:1" : `registry.example.com/${defaultImages[each]}`,
        ]),
      );
      assert.deepEqual(images, expected);
    }
  });
});
