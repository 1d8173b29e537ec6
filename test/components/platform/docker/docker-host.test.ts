import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveDockerHost } from "../../../../components/platform/docker/docker-host.ts";

describe("the Docker daemon", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "docker-host-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function addContext(name: string, host: string): void {
    const meta = join(folder, "contexts", "meta", createHash("sha256").update(name).digest("hex"));
    mkdirSync(meta, { recursive: true });
    writeFileSync(join(meta, "meta.json"), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }));
  }

  function setCurrent(name: string): void {
    writeFileSync(join(folder, "config.json"), JSON.stringify({ auths: {}, currentContext: name }));
  }

  const resolve = (env: NodeJS.ProcessEnv = {}): string => resolveDockerHost({ DOCKER_CONFIG: folder, ...env });
  const socket = "unix:///var/run/docker.sock";

  it("is the standard socket when nothing is set", () => {
    assert.equal(resolve(), socket);
    assert.equal(resolve({ DOCKER_HOST: "", DOCKER_CONTEXT: "" }), socket);
  });

  it("is that of the current context, which Docker Desktop and Colima rely on", () => {
    addContext("colima", "unix:///home/me/.colima/docker.sock");
    setCurrent("colima");
    assert.equal(resolve(), "unix:///home/me/.colima/docker.sock");
  });

  it("is that of DOCKER_CONTEXT before the current context, and DOCKER_HOST before both", () => {
    addContext("current", "unix:///current");
    addContext("wanted", "ssh://wanted");
    setCurrent("current");
    assert.equal(resolve({ DOCKER_CONTEXT: "wanted" }), "ssh://wanted");
    assert.equal(resolve({ DOCKER_CONTEXT: "wanted", DOCKER_HOST: "tcp://first:2375" }), "tcp://first:2375");
  });

  it("is the standard socket for the context `default`, and without a current context", () => {
    setCurrent("default");
    assert.equal(resolve(), socket);
    writeFileSync(join(folder, "config.json"), "{}");
    assert.equal(resolve(), socket);
  });

  it("is refused when its context does not exist", () => {
    assert.throws(() => resolve({ DOCKER_CONTEXT: "gone" }), {
      message:
        /^docker context gone: must exist, found no .*meta\.json; run `docker context ls` or set DOCKER_HOST \(OBS1204\)$/,
      errorCode: "OBS1204",
    });
  });

  it("is refused when its context names no address", () => {
    addContext("odd", "unix:///odd");
    const id = createHash("sha256").update("odd").digest("hex");
    writeFileSync(join(folder, "contexts", "meta", id, "meta.json"), JSON.stringify({ Endpoints: {} }));
    assert.throws(() => resolve({ DOCKER_CONTEXT: "odd" }), /Endpoints/);
  });
});
