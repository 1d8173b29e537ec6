import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import { plannedImages } from "../../cli/preview/planned-images.ts";
import type { StackPreview } from "../../components/testing.ts";
import { BareMachine } from "./support/bare-machine.ts";
import { testedImages } from "./support/images.ts";
import { Registry } from "./support/registry.ts";
import { run, succeed, type Ended } from "./support/run.ts";
import { sharedWorkspace, type Workspace } from "./support/workspace.ts";

describe("a machine without a network, which has Node.js and Docker and nothing else", () => {
  let workspace: Workspace;
  let machine: BareMachine;
  let archive: string;
  let written: Ended;

  before(async () => {
    workspace = await sharedWorkspace();
    machine = await BareMachine.create();
    archive = join(machine.root, "root", "observability.tar");
    written = await workspace.npm("run", "bundle", "--", archive);
  });
  after(() => machine.remove());

  const inProject = (script: string): Promise<Ended> => machine.run(`cd observability && ${script}`);

  it("gets everything in one file, whose size, checksum and use are said", () => {
    assert.equal(written.code, 0, written.output);
    const end = written.stdout.slice(written.stdout.indexOf(`\n${archive}:`));
    assert.match(
      end.replaceAll(archive, "FILE"),
      /^\nFILE: [\d.]+ MiB\nSHA-256: [0-9a-f]{64}\n\nOn a machine without a network, .*:\n {2}tar -xf FILE observability && cd observability\n {2}npm run up -- --bundle FILE\n$/,
    );
  });

  it("whose bill of materials names images, Pulumi's programs and npm packages", async () => {
    const bill = z
      .object({ components: z.array(z.object({ name: z.string(), version: z.string().optional() })) })
      .parse(JSON.parse(await succeed("tar", ["-xOf", archive, "bundle/sbom.cdx.json"])));
    const names = bill.components.map(({ name }) => name.replace(/:.*/, ""));
    const wanted = [
      "grafana/loki",
      "jaegertracing/jaeger",
      "pulumi",
      "pulumi-resource-docker",
      "zod",
      "@pulumi/docker",
    ];
    assert.deepEqual(
      wanted.filter((name) => !names.includes(name)),
      [],
    );
  });

  it("has the project out of it by tar, without state and without secrets", async () => {
    const home = join(machine.root, "root");
    // Its own image has no tar to unpack with.
    await succeed("tar", ["-xf", archive, "-C", home, "observability"]);
    const names = readdirSync(join(home, "observability"));
    assert.ok(names.includes("node_modules") && names.includes("Pulumi.dev.yaml"));
    assert.ok(!names.includes(".pulumi-state") && !names.includes(".git"));
  });

  it("can download nothing, and says so", async () => {
    const { code, stderr } = await inProject("npm run up");
    assert.equal(code, 1);
    assert.match(stderr, /^pulumi: must be on the PATH, .*, or be downloaded from \S+, got none on the PATH, and: /m);
  });

  it("deploys from it and verifies that", async () => {
    const up = await inProject("npm run up -- --bundle ../observability.tar");
    assert.equal(up.code, 0, up.output);
    // It ends with 0 only if every check has passed.
    assert.match(up.stdout, /^ {2}trace → logs: tracesToLogsV2 +passed /m);
  });

  it("needs it no more for what comes after", async () => {
    const up = await inProject("npm run up");
    assert.equal(up.code, 0, up.output);
    const down = await inProject("npm run down -- --destroy-data --yes");
    assert.equal(down.code, 0, down.output);
    assert.equal((await machine.run("docker ps --all --quiet")).stdout, "");
  });
});

describe("images that are locked", () => {
  let workspace: Workspace;
  let registry: Registry;
  let image: string;
  let locked: string;
  const stack = ["--stack", "locked"];
  const file = (name: string): string => join(workspace.folder, name);
  const npm = (script: string, ...args: readonly string[]): Promise<Ended> =>
    workspace.npm("run", "--silent", script, "--", ...stack, ...args);

  /** Names an image for everything that the stack of this test has images for, but for Loki. */
  function configure(others: string, loki: string, instrumentPython = others): void {
    const table = Object.fromEntries(Object.keys(testedImages).map((name) => [name, others]));
    const images = { ...table, loki, instrumentPython };
    const config = { "observability:name": `${workspace.name}-locked`, "observability:images": images };
    writeFileSync(file("Pulumi.locked.yaml"), stringify({ config }));
  }

  /** Puts an image with other content at the tag, and leaves nothing of it here. */
  async function push(content: string): Promise<string> {
    const dockerfile = `FROM ${testedImages.victoriaMetrics}\nENV CONTENT=${content}\n`;
    await succeed("docker", ["build", "--quiet", "--tag", image, "-"], { input: dockerfile });
    await succeed("docker", ["push", "--quiet", image]);
    await succeed("docker", ["rmi", image]);
    return registry.digestOf("team/stack", "1");
  }

  const contentOf = (reference: string): Promise<string> =>
    succeed("docker", ["run", "--rm", "--entrypoint", "/bin/sh", reference, "-c", "echo $CONTENT"]);

  before(async () => {
    workspace = await sharedWorkspace();
    registry = await Registry.start();
    image = `${registry.host}/team/stack:1`;
    configure(image, image);
  });
  after(async () => {
    for (const name of ["Pulumi.locked.yaml", "images.lock.json"]) rmSync(file(name), { force: true });
    await run("docker", ["rmi", "--force", image, locked]);
    await registry.stop();
  });

  it("have the digest that the registry gives of their tag", async () => {
    const digest = await push("one");
    locked = `${image}@${digest}`;
    const ended = await npm("images:lock");
    assert.equal(ended.code, 0, ended.output);
    const text = readFileSync(file("images.lock.json"), "utf8");
    assert.deepEqual(JSON.parse(text), { version: 1, images: { [image]: digest } });
  });

  it("are what a preview shows, and what runs after the tag has moved", async () => {
    await push("two");
    const { resources } = JSON.parse((await npm("preview", "--json")).stdout) as StackPreview;
    assert.deepEqual(plannedImages(resources), [locked]);
    assert.equal(await contentOf(locked), "one\n");
    assert.equal(await contentOf(image), "two\n");
  });

  it("are those as well that services copy from, as soon as there is such a service", async () => {
    const agent = `${registry.host}/team/agent:1`;
    await succeed("docker", ["tag", testedImages.victoriaMetrics, agent]);
    await succeed("docker", ["push", "--quiet", agent]);
    const program = readFileSync(file("index.ts"), "utf8");
    const service = '{ stack, image: "team/checkout:1", instrument: "python" }';
    configure(image, image, agent);
    try {
      writeFileSync(file("index.ts"), `${program}new InstrumentedService("checkout", ${service});\n`);
      const lock = await npm("images:lock");
      assert.equal(lock.code, 0, lock.output);
      // Of each tag what it is now.
      const pinned = ["agent", "stack"].map(
        (name) => `${registry.host}/team/${name}:1@${registry.digestOf(`team/${name}`, "1")}`,
      );
      const { resources } = JSON.parse((await npm("preview", "--json")).stdout) as StackPreview;
      assert.deepEqual(plannedImages(resources), [...pinned, "team/checkout:1"]);
    } finally {
      writeFileSync(file("index.ts"), program);
      await run("docker", ["rmi", "--force", agent]);
    }
  });

  it("that the lock does not name are refused, and those of no registry are not locked", async () => {
    const other = `${registry.host}/team/none:1`;
    configure(image, other);
    const up = await npm("up");
    assert.equal(up.code, 1);
    assert.match(
      up.stderr,
      /problem\(s\), nothing was changed \(OBS1001\):\n {2}images\.loki: must be an image that images\.lock\.json has the digest of, got "\S+"; run npm run images:lock -- --stack locked, [^\n]+\n {2}next: /,
    );
    const text = readFileSync(file("images.lock.json"), "utf8");
    const lock = await npm("images:lock");
    assert.equal(lock.code, 1);
    assert.match(
      lock.stderr,
      /image \S+\/none:1: must be in its registry, [^\n]+\nnothing was changed\n {2}next: .*\n {2}code: OBS1211/,
    );
    assert.equal(readFileSync(file("images.lock.json"), "utf8"), text);
    assert.ok(!existsSync(file(".pulumi-state/.pulumi/stacks/observability/locked.json")));
  });
});
