import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { Docker } from "../../cli/docker/docker.ts";
import { checkPrerequisites, findingsTable, prerequisites, type Finding } from "../../cli/prerequisites.ts";
import { needsDocker } from "../../cli/plugins.ts";
import { UserError } from "../../cli/user-error.ts";
import { programSettings, type ProgramSettings } from "../../config/program-settings.ts";
import { asPulumiConfig } from "../support/program-config.ts";
import { fakeCommand, type FakeCommand } from "../support/fake-command.ts";
import { freePort, freePorts } from "../support/free-ports.ts";

const names = ["PATH", "PULUMI_HOME", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] as const;
const before = names.map((name) => [name, process.env[name]] as const);

describe("what a machine has to have", () => {
  const fakes: FakeCommand[] = [];
  let taken: Server;
  let takenPort: number;

  beforeEach(async () => {
    taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    takenPort = (taken.address() as AddressInfo).port;
    const pulumi = fakeCommand("pulumi", "echo v3.259.0");
    fakes.push(pulumi);
    process.env["PATH"] = pulumi.env["PATH"];
    process.env["PULUMI_HOME"] = "/dev/null";
    process.env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "false";
  });
  afterEach(() => {
    taken.close();
    for (const fake of fakes.splice(0)) fake.remove();
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  });

  const info = (changes: object = {}): string =>
    `'${JSON.stringify({
      ServerVersion: "20.10.24",
      OSType: "linux",
      Architecture: "x86_64",
      Driver: "overlay2",
      MemTotal: 8 * 2 ** 30,
      MemoryLimit: true,
      CgroupVersion: "2",
      SystemTime: new Date().toISOString(),
      DockerRootDir: "/",
      ...changes,
    })}'`;

  function docker(script: string): Docker {
    const fake = fakeCommand("docker", script);
    fakes.push(fake);
    return new Docker(undefined, fake.env);
  }

  async function settingsOf(changes: object = {}): Promise<ProgramSettings> {
    const [loki, victoriaMetrics, jaeger, otlpGrpc, otlpHttp] = await freePorts(5);
    const ports = { loki, victoriaMetrics, jaeger, otlpGrpc, otlpHttp, grafana: takenPort };
    const config = asPulumiConfig({ name: "shop-dev", ports, exampleServices: false, ...changes });
    return programSettings(config, { project: "observability", stack: "dev" });
  }

  const byWhat = (findings: readonly Finding[]): ReadonlyMap<string, Finding> =>
    new Map(findings.map((finding) => [finding.what, finding]));

  /** A container that publishes a port, of the stack that is named. */
  const published = (owner: string): string => {
    const labels = { "observability.stack": owner, "observability.name": "shop-dev" };
    const found = JSON.stringify([{ Id: "1", Name: "/some-grafana", Config: { Labels: labels } }]);
    return `case "$*" in info*) echo ${info()};; *ls*) echo 1;; *) echo '${found}';; esac`;
  };

  it("is found and shown, in a table, with the ports of the stack itself among what is fine", async () => {
    const plan = { settings: await settingsOf(), stackName: "dev", docker: docker(published("observability/dev")) };
    const findings = await prerequisites(plan);
    await checkPrerequisites(plan);
    const { Docker: engine, memory, clock, "memory limits": limits } = Object.fromEntries(byWhat(findings));
    assert.equal(engine?.found, "20.10.24, linux/x86_64, overlay2");
    assert.equal(memory?.found, "8192 MiB");
    assert.equal(limits?.found, "yes, cgroup v2");
    assert.equal(clock?.found, "the same");
    assert.equal(byWhat(findings).get(`port ${takenPort} (grafana)`)?.found, "this stack's");
    assert.equal(byWhat(findings).get("Pulumi plugin random")?.advice, "Pulumi downloads it with npm run up");
    const lines = findingsTable(findings).split("\n");
    assert.match(lines[1] ?? "", /^ {2}Node\.js +\d+\.\d+\.\d+ +22\.18 or newer +ok$/);
    assert.deepEqual(
      lines.filter((line) => line.endsWith("PROBLEM")),
      [],
    );
  });

  it("that is missing is told with all the rest that is, in one error, each with what to do", async () => {
    process.env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true";
    const nowhere = new Docker(undefined, { PATH: "/nowhere" });
    const plan = { settings: await settingsOf(), stackName: "dev", docker: nowhere };
    await assert.rejects(checkPrerequisites(plan), (error) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual(error.errorCodes, ["OBS1103", "OBS1201"]);
      const lines = error.message.split("\n");
      assert.match(
        lines[0] ?? "",
        /^Pulumi plugin docker: must be \S+, got none, and .*; npm run pulumi -- plugin install resource docker /,
      );
      assert.match(lines[1] ?? "", /^Pulumi plugin random: must be /);
      assert.match(lines[2] ?? "", /^docker: must be on the PATH, found none; \S/);
      assert.deepEqual(lines.slice(3), [
        "nothing was changed",
        "  next: solve this, then npm run up; npm run doctor shows everything that is needed",
      ]);
      return true;
    });
    const findings = await prerequisites(plan);
    const problems = findings.filter(({ problem }) => problem !== undefined);
    assert.equal(problems.length, 3);
    // It may be this stack's: without Docker nobody knows.
    assert.equal(byWhat(findings).get(`port ${takenPort} (grafana)`)?.advice, "whose it is, Docker has to tell");
    assert.match(
      findingsTable(problems),
      /\n {2}Docker .* PROBLEM\n {6}docker: must be on the PATH, found none\n {6}next: /,
    );
  });

  it("that a program of somebody else has is named with its container", async () => {
    const plan = { settings: await settingsOf(), stackName: "dev", docker: docker(published("observability/other")) };
    await assert.rejects(
      checkPrerequisites(plan),
      new RegExp(`port ${takenPort} \\(grafana\\): must be free, but the container some-grafana uses it`),
    );
  });

  const weak: readonly (readonly [what: string, changes: object, found: string, advice: RegExp])[] = [
    ["Docker", { ServerVersion: "19.3.1" }, "19.3.1, linux/x86_64, overlay2", /never tried/],
    ["memory", { MemTotal: 2 ** 30 }, "1024 MiB", /lower observability:memoryMib/],
    ["memory limits", { MemoryLimit: false, CgroupVersion: "1" }, "no, cgroup v1", /cgroup_enable=memory/],
    ["clock", { SystemTime: "2020-01-01T00:00:00Z" }, "-… s beside this machine's", /wrong times/],
  ];
  for (const [what, changes, found, advice] of weak) {
    it(`that is weak is told and keeps nothing from working: ${what}`, async () => {
      const script = `case "$*" in info*) echo ${info(changes)};; *) exit 0;; esac`;
      const ports = { grafana: await freePort() };
      const settings = await settingsOf({ ports: { ...(await settingsOf()).stack.ports, ...ports } });
      const plan = { settings, stackName: "dev", docker: docker(script) };
      const finding = byWhat(await prerequisites(plan)).get(what);
      assert.equal(finding?.found.replace(/^-\d{9}/, "-…"), found);
      assert.match(finding.advice ?? "", advice);
      await checkPrerequisites(plan);
    });
  }

  it("is no Docker on a cluster, unless an image is built for it", async () => {
    const kubernetes = { context: "nowhere", kubeconfig: "/dev/null/kubeconfig", loadCommand: "true" };
    const alone = await settingsOf({ target: "kubernetes", kubernetes });
    assert.deepEqual(
      [needsDocker(alone), needsDocker(await settingsOf({ target: "kubernetes", kubernetes, exampleServices: true }))],
      [false, true],
    );
    const nowhere = new Docker(undefined, { PATH: "/nowhere" });
    const findings = await prerequisites({ settings: alone, stackName: "k8s", docker: nowhere });
    assert.deepEqual(
      findings.map(({ what }) => what.replace(/^disk of .*/, "disk")),
      ["Node.js", "Pulumi CLI", "Pulumi plugin kubernetes", "Pulumi plugin random", "Kubernetes", "disk"],
    );
    assert.match(
      byWhat(findings).get("Kubernetes")?.problem?.text ?? "",
      /^kubernetes\.kubeconfig: must be a file that can be read, found none at \/dev\/null\/kubeconfig\n/,
    );
  });
});
