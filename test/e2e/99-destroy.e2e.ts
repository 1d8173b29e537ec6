import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pythonInstrumentation } from "./support/python.ts";
import { succeed } from "./support/run.ts";
import { sharedWorkspace } from "./support/workspace.ts";

describe("npm run down -- --destroy-data --yes", () => {
  it("leaves no container, volume, network, image or stack of its own behind, and the settings as they were", async () => {
    const workspace = await sharedWorkspace();
    const { grafanaPassword } = await workspace.outputs();
    const ended = await workspace.npm("run", "down", "--", "--destroy-data", "--yes");
    assert.equal(ended.code, 0, ended.output);
    const name = ["--filter", `name=${workspace.name}`];
    assert.deepEqual(
      [...(await workspace.containerIds()).keys()].filter((container) => !container.includes("outage-")),
      [],
    );
    assert.equal(await succeed("docker", ["volume", "ls", "--quiet", ...name]), "");
    const images = ["images", "--format", "{{.Repository}}:{{.Tag}}", "--filter", `reference=${workspace.name}-*`];
    // One is built by the tests themselves, in the place of one that would be pulled.
    assert.equal(await succeed("docker", images), `${pythonInstrumentation(workspace.name)}\n`);
    const stacks = await workspace.pulumi("stack", "ls", "--json");
    assert.deepEqual(JSON.parse(stacks.stdout), []);
    assert.ok(existsSync(join(workspace.folder, "Pulumi.dev.yaml")));
    assert.ok(workspace.printed.includes("removed"), "the output was not kept");
    assert.ok(!workspace.printed.includes(grafanaPassword), "a command printed the password");
  });
});
