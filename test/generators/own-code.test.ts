import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";
import { z } from "zod";
import { InstrumentedService, type ObservabilityStackArgs } from "../../components/index.ts";
import { previewStack } from "../../components/testing.ts";
import { addedDashboards } from "../../config/grafana/added-dashboards.ts";
import { dataVolumeName } from "../../config/names.ts";
import { shownEnv } from "../support/workload-view.ts";
import { otelEnv } from "../../config/otel-env.ts";
import { mergedSettings, ownCodeExamples } from "../../generators/own-code-examples.ts";
import { allContainers } from "../support/docker-view.ts";
import { recordResources } from "../support/record-resources.ts";
import { dashboardFolder, noDocker, settings } from "../support/settings.ts";
import { imageFolder } from "../support/workloads.ts";
import { brokenClaims } from "./support/guide-checks.ts";

const root = join(import.meta.dirname, "..", "..");
const page = "docs/own-code.md";
const markdown = readFileSync(join(root, page), "utf8");
const examples = ownCodeExamples(markdown);

/** Runs a program as the file beside Pulumi.yaml that it would be. */
async function runProgram(code: string): Promise<void> {
  const program = join(root, `.own-code-example-${process.pid}.ts`);
  // No test depends on the machine's own Docker.
  const here = `{ docker: { host: "${noDocker}" } }`;
  writeFileSync(program, code.replace('("observability")', `("observability", ${here})`));
  try {
    await import(`${pathToFileURL(program).href}?example=${code.length}`);
  } finally {
    rmSync(program);
  }
}

/** All settings of the page, with a folder and secrets that there are. */
function partSettings(): ObservabilityStackArgs {
  const secrets = Object.fromEntries(
    examples.secretCommands.map((args) => [args.at(-2)?.replace("observability:secrets.", ""), "hunter2"]),
  ) as Record<string, string>;
  const { grafana, ...others } = mergedSettings(examples.settings);
  return { ...others, grafana: { ...(grafana as object), dashboards: dashboardFolder }, secrets };
}

// What the documentation says has to be what the program does. The end-to-end tests run all of it.
describe("docs/own-code.md", () => {
  it("names files, links, scripts, variables, settings and containers that there are", () => {
    // What is the reader's own, an argument of a service, and a word of Grafana's.
    const others = new Set([
      ...["port: 9090", "port: 8085", "port: 5514", "file: dashboards/Shop/orders.json"],
      ...["setting: userId", "setting: secureJsonData", "setting: emptyDir", "setting: instrumentImage"],
    ]);
    assert.deepEqual(
      brokenClaims(markdown, page).filter((claim) => !others.has(claim)),
      [],
    );
  });

  it("has a service by its image and one by its folder that run as they stand, in one program", async () => {
    const build = examples.buildStatement.replace("../checkout", imageFolder);
    const resources = await recordResources(() => runProgram(`${examples.imageProgram}\n${build}`));
    const env = (name: string): readonly string[] =>
      allContainers(resources).find((container) => container.name === `observability-${name}`)?.inputs.envs ?? [];
    assert.ok(env("payments").includes("OTEL_SERVICE_NAME=apps-payments"));
    assert.ok(env("checkout").includes("OTEL_EXPORTER_OTLP_ENDPOINT=http://otel-collector:4318"));
  });

  it("has a container of Compose that is told what a service of the stack is told, on the stack's network", () => {
    const { services, networks } = z
      .object({
        services: z.object({ checkout: z.object({ environment: z.record(z.string(), z.string()) }) }),
        networks: z.object({ observability: z.object({ name: z.string(), external: z.literal(true) }) }),
      })
      .parse(examples.compose);
    const identity = { serviceName: "shop-checkout", serviceNamespace: "shop", serviceVersion: "", environment: "" };
    const told = shownEnv(otelEnv({ ...identity, serviceInstanceId: "", platformAttributes: {} }, "grpc"));
    const { OTEL_RESOURCE_ATTRIBUTES: attributes, ...others } = services.checkout.environment;
    for (const [name, value] of Object.entries(others)) assert.equal(told[name], value);
    assert.ok(told["OTEL_RESOURCE_ATTRIBUTES"]?.startsWith(`${attributes ?? ""},`));
    assert.equal(dataVolumeName(networks.observability.name, "x"), "observability-dev_x");
  });

  it("has settings that are all in force at once: files of the Collector and of Grafana, secrets without their text", async () => {
    const { files } = await previewStack(partSettings());
    const own = files.filter(({ path }) => /own|secrets\/(tempo|orders)/.test(path));
    assert.deepEqual(
      own.map(({ workload, path, secret }) => `${workload} ${path}${secret ? " secret" : ""}`),
      [
        "grafana /etc/grafana/own-dashboards/Team/orders.json",
        "grafana /run/secrets/orders-password secret",
        "otel-collector /etc/otelcol-contrib/own.yaml",
        "otel-collector /run/secrets/tempo-token secret",
      ],
    );
    const { service } = parse(own[2]?.content ?? "") as { service: { pipelines: Record<string, object> } };
    assert.deepEqual(Object.keys(service.pipelines), ["logs/network", "traces"]);
    assert.deepEqual(service.pipelines["traces"], {
      processors: [
        "memory_limiter",
        "resource",
        "transform/instance",
        "transform/links",
        "transform/sizes",
        "filter/health",
      ],
      exporters: ["otlp_grpc/stack", "otlp_http/tempo"],
    });
    assert.doesNotMatch(JSON.stringify(files), /hunter2/);
  });

  it("has settings whose secrets are in no resource of a preview, and in no settings of the stack", async () => {
    let seen: object = {};
    const preview = await previewStack(partSettings(), (stack) => {
      seen = stack.settings;
      new InstrumentedService("shop", { stack, image: "shop:1" });
    });
    assert.doesNotMatch(JSON.stringify([preview, seen]), /hunter2/);
  });

  it("has a dashboard that Grafana will find by its uid", () => {
    const [file] = addedDashboards([{ path: "Shop/orders.json", content: examples.dashboard }]);
    assert.equal(file?.path, "/etc/grafana/own-dashboards/Shop/shop-orders.json");
  });

  it("lets each of its blocks stand alone", () => {
    const { secrets = {} } = partSettings();
    for (const block of examples.settings) {
      const { grafana = {}, ...others } = block;
      const { dashboards: _, ...rest } = grafana as { dashboards?: string };
      assert.ok(settings({ ...others, grafana: rest, secrets }));
    }
  });

  it("is not believed without its examples", () => {
    assert.throws(() => ownCodeExamples("# Own code\n"), {
      message: "the page: must have one `ts` block that begins with import , found 0",
    });
  });
});
