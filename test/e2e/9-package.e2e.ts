import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { packedStack } from "../../packages/stack/test/support/packed-stack.ts";
import { unpackFor } from "../../packages/shared/test/packed-package.ts";
import { freePorts } from "../support/free-ports.ts";
import { imageOverrides, testedImages } from "./support/images.ts";
import { answeringGrafana } from "./support/answering-grafana.ts";
import { eventuallyLogs } from "./support/loki.ts";
import { run, type Ended } from "./support/run.ts";
import { removeStack, sharedWorkspace, type Workspace } from "./support/workspace.ts";

const repository = join(import.meta.dirname, "..", "..");
const template = join(repository, "templates", "observability-typescript");
const outputsSchema = z.object({ urls: z.record(z.string(), z.string()), grafanaPassword: z.string() });

/** A program outside of the repository: by `pulumi new` from the template, with the package that `npm pack` makes. */
describe("a program of one's own with the package", () => {
  let workspace: Workspace;
  let folder: string;
  let name: string;
  let outputs: z.output<typeof outputsSchema>;

  async function pulumi(...args: readonly string[]): Promise<Ended> {
    // Not `.bin`, where `pulumi` is that of the npm package.
    const nodeFolder = join(repository, "node_modules", "node", "bin");
    const ended = await run("pulumi", args, {
      cwd: folder,
      env: {
        ...workspace.env,
        PATH: `${nodeFolder}:${workspace.env["PATH"] ?? ""}`,
        PULUMI_BACKEND_URL: `file://${folder}`,
        PULUMI_CONFIG_PASSPHRASE: "of the test",
      },
    });
    assert.equal(ended.code, 0, ended.output);
    return ended;
  }

  before(async () => {
    workspace = await sharedWorkspace();
    name = `${workspace.name}-package`;
    folder = mkdtempSync(join(tmpdir(), "observability-package-"));
    await pulumi("new", template, "--generate-only", "--yes", "--force", "--name", "shop", "--description", "A shop");
    unpackFor(folder, packedStack());
    await pulumi("stack", "init", "dev");
    const [grafana, loki, victoriaMetrics, jaeger, otlpGrpc, otlpHttp] = await freePorts(6);
    const ports = { grafana, loki, victoriaMetrics, jaeger, otlpGrpc, otlpHttp };
    const settings = JSON.stringify({ name, ports, images: imageOverrides });
    const config = { target: "docker", image: testedImages.node, settings };
    const pairs = Object.entries(config).flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]);
    await pulumi("config", "set-all", "--stack", "dev", ...pairs);
    await pulumi("up", "--yes", "--skip-preview", "--stack", "dev", "--policy-pack", join(repository, "policy"));
    const { stdout } = await pulumi("stack", "output", "--json", "--show-secrets", "--stack", "dev");
    outputs = outputsSchema.parse(JSON.parse(stdout));
  });

  after(async () => {
    await removeStack(name);
    rmSync(folder, { recursive: true, force: true });
  });

  it("deploys a stack that keeps the policies, and has the lines of its service in Loki", async () => {
    const { urls, grafanaPassword } = outputs;
    const grafana = await answeringGrafana(urls["grafana"] ?? "", grafanaPassword);
    const [log] = await eventuallyLogs(grafana, '{service_name="shop-hello"} |= "hello"');
    assert.match(log?.line ?? "", /"message":"hello"/);
  });
});
