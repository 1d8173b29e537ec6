import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import type { UsersFolder } from "../../packages/stack/test/support/packed-stack.ts";
import { installedComponent } from "../component/support/installed-component.ts";
import { freePorts } from "../support/free-ports.ts";
import { answeringGrafana } from "./support/answering-grafana.ts";
import { testedImages } from "./support/images.ts";
import { eventuallyLogs } from "./support/loki.ts";
import { run, type Ended } from "./support/run.ts";
import { removeStack, sharedWorkspace, type Workspace } from "./support/workspace.ts";

const repository = join(import.meta.dirname, "..", "..");

/** Runs plain `pulumi` on the program in a folder, with a state of its own or one that is shared. */
async function pulumi(
  { env }: Pick<Workspace, "env">,
  cwd: string,
  state: NodeJS.ProcessEnv,
  ...args: readonly string[]
): Promise<Ended> {
  // Not `.bin`, where `pulumi` is that of the npm package.
  const nodeFolder = join(repository, "node_modules", "node", "bin");
  const ended = await run("pulumi", args, {
    cwd,
    env: { ...env, ...state, PATH: `${nodeFolder}:${env["PATH"] ?? ""}` },
  });
  assert.equal(ended.code, 0, ended.output);
  return ended;
}

/** What a second `pulumi up` says it has done. */
function changes({ stdout }: Ended): readonly string[] {
  return [...stdout.matchAll(/^ {4}[^ ] (\d+ (?:created|updated|replaced|deleted))$/gm)].map(([, what = ""]) => what);
}

const environment = z
  .string()
  .transform((logs) => z.record(z.string(), z.string()).parse(JSON.parse(logs.trim().split("\n")[0] ?? "")));
const joinedOutputs = z.object({
  environments: z.object({ mine: environment, theirs: environment }),
  onThisMachine: z.record(z.string(), z.string()),
  petName: z.string(),
});

describe("a program that joins the stack of another one", () => {
  let workspace: Workspace;
  let folder: string;
  let state: NodeJS.ProcessEnv;
  let outputs: z.output<typeof joinedOutputs>;

  before(async () => {
    workspace = await sharedWorkspace();
    folder = join(workspace.folder, "test", "e2e", "fixtures", "joined");
    const kept = join(workspace.folder, ".pulumi-state");
    state = { PULUMI_BACKEND_URL: `file://${kept}`, PULUMI_CONFIG_PASSPHRASE_FILE: join(kept, "passphrase") };
    await pulumi(workspace, folder, state, "stack", "init", "joined");
    const stack = `organization/observability/${workspace.stack}`;
    const config = { prefix: workspace.name, nodeImage: testedImages.node, stack };
    const pairs = Object.entries(config).flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]);
    await pulumi(workspace, folder, state, "config", "set-all", "--stack", "joined", ...pairs);
    await pulumi(workspace, folder, state, "up", "--yes", "--skip-preview", "--stack", "joined");
    const { stdout } = await pulumi(workspace, folder, state, "stack", "output", "--json", "--stack", "joined");
    outputs = joinedOutputs.parse(JSON.parse(stdout));
  });

  after(async () => {
    await pulumi(workspace, folder, state, "destroy", "--yes", "--skip-preview", "--stack", "joined");
    await pulumi(workspace, folder, state, "stack", "rm", "--yes", "joined");
  });

  it("has a service there, of an image, variables, a file and a secret that its own resources give", async () => {
    const grafana = await workspace.grafana();
    const [log] = await eventuallyLogs(grafana, '{service_name="integr8scode-joined"} |= "pet"');
    const { message } = z.object({ message: z.string() }).parse(JSON.parse(log?.line ?? "{}"));
    const { petName } = outputs;
    assert.equal(message, `pet ${petName}, file {"pet":"${petName}"}, token of 20 characters`);
  });

  it("has containers of its own that reach the Collector and are told who they are", async () => {
    const { mine, theirs } = outputs.environments;
    const told = [mine, theirs].map((env) => [env["OTEL_SERVICE_NAME"], env["OTEL_EXPORTER_OTLP_ENDPOINT"]]);
    assert.deepEqual(told, [
      ["integr8scode-mine", "http://otel-collector:4317"],
      ["integr8scode-theirs", "http://otel-collector:4317"],
    ]);
    const { urls } = await workspace.outputs();
    assert.equal(outputs.onThisMachine["OTEL_EXPORTER_OTLP_ENDPOINT"], urls["otlpGrpc"]);
  });

  it("changes nothing when it is deployed again", async () => {
    const again = await pulumi(workspace, folder, state, "up", "--yes", "--skip-preview", "--stack", "joined");
    assert.deepEqual(changes(again), []);
  });
});

const yamlOutputs = z.object({ grafana: z.string(), services: z.record(z.string(), z.string()), password: z.string() });

describe("a program in YAML with the component", () => {
  let workspace: Workspace;
  let installed: UsersFolder;
  let folder: string;
  let name: string;
  let state: NodeJS.ProcessEnv;
  let outputs: z.output<typeof yamlOutputs>;

  before(async () => {
    workspace = await sharedWorkspace();
    name = `${workspace.name}-yaml`;
    installed = installedComponent();
    folder = join(installed.path, "examples", "yaml");
    state = { PULUMI_BACKEND_URL: `file://${installed.path}`, PULUMI_CONFIG_PASSPHRASE: "of the test" };
    const file = join(folder, "Pulumi.yaml");
    const program = parse(readFileSync(file, "utf8")) as {
      readonly resources: { readonly observability: { readonly properties: { settings: Record<string, unknown> } } };
    };
    const { settings } = program.resources.observability.properties;
    const [grafana, loki, victoriaMetrics, jaeger, otlpGrpc, otlpHttp] = await freePorts(6);
    settings["ports"] = { grafana, loki, victoriaMetrics, jaeger, otlpGrpc, otlpHttp };
    settings["images"] = { grafana: testedImages.grafana, node: testedImages.node };
    writeFileSync(file, stringify(program));
    await pulumi(workspace, folder, state, "stack", "init", "dev");
    const pairs = Object.entries({ name, image: testedImages.node }).flatMap(([key, value]) => [
      "--plaintext",
      `${key}=${value}`,
    ]);
    await pulumi(workspace, folder, state, "config", "set-all", "--stack", "dev", ...pairs);
    await pulumi(workspace, folder, state, "up", "--yes", "--skip-preview", "--stack", "dev");
    const shown = ["stack", "output", "--json", "--show-secrets", "--stack", "dev"];
    outputs = yamlOutputs.parse(JSON.parse((await pulumi(workspace, folder, state, ...shown)).stdout));
  });

  after(async () => {
    await removeStack(name);
    installed.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it("deploys the stack, its service and what it adds to the Collector, and hides what is secret", async () => {
    assert.deepEqual(outputs.services, { hello: "shop-hello" });
    const { stdout } = await pulumi(workspace, folder, state, "stack", "export", "--stack", "dev");
    assert.ok(!stdout.includes(outputs.password));
    const grafana = await answeringGrafana(outputs.grafana, outputs.password);
    const [log] = await eventuallyLogs(grafana, '{service_name="shop-hello"} | team="shop"');
    assert.match(log?.line ?? "", /"message":"hello"/);
  });

  it("changes nothing when it is deployed again", async () => {
    const again = await pulumi(workspace, folder, state, "up", "--yes", "--skip-preview", "--stack", "dev");
    assert.deepEqual(changes(again), []);
  });
});
