import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { BareMachine } from "./support/bare-machine.ts";
import { succeed, type Ended } from "./support/run.ts";
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
