import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StackPreview } from "../../../components/testing.ts";
import type { Capacity } from "../../../config/capacity.ts";
import { furtherHosts, furtherMemoryMib, furtherPorts, furtherResources } from "../../support/further-parts.ts";

const root = join(import.meta.dirname, "..", "..", "..");

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command on a machine that has neither Pulumi nor a place to keep it, neither Docker nor a Docker context that can be read. */
function preview(...args: readonly string[]): Promise<Ended> {
  const env = { PATH: "/nowhere", PULUMI_HOME: "/dev/null", DOCKER_CONTEXT: "nowhere" };
  return new Promise((resolve) => {
    // All files with their dashboards are more than the megabyte that is read unless told otherwise.
    const options = { cwd: root, env, maxBuffer: 16 * 1024 * 1024 };
    execFile(process.execPath, ["cli/commands/preview.ts", ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

let stacks = 0;

/** The same for a stack with settings of its own. */
async function previewWith(settings: string, ...args: readonly string[]): Promise<Ended> {
  stacks += 1;
  const stack = `test-${process.pid}-${stacks}`;
  const file = join(root, `Pulumi.${stack}.yaml`);
  writeFileSync(file, settings);
  try {
    return await preview("--stack", stack, ...args);
  } finally {
    rmSync(file);
  }
}

/** Of each part, of each example service and of the load generator. */
const memoryLimits = `${2688 + furtherMemoryMib} MiB in ${13 + furtherHosts.length} containers`;

describe("npm run preview", () => {
  let text: Ended, json: Ended, bad: Ended, diff: Ended, cluster: Ended, unknown: Ended, other: Ended, broken: Ended;
  let environment: Ended;

  before(async function () {
    // Nine processes that load Pulumi, on a machine that may have other work.
    this.timeout(60_000);
    const settings = "config:\n  observability:retentionHours: 48\n  observability:name: elsewhere\n";
    const expected = "observability:expected: {linesPerSecond: 1}\n";
    [text, json, bad, diff, cluster, unknown, other, broken, environment] = await Promise.all([
      preview(),
      previewWith(`${settings}  observability:exampleServices: false\n  ${expected}`, "--json"),
      previewWith("config:\n  observability:retentionHours: 1\n  observability:port: 80\n"),
      preview("--diff"),
      previewWith(
        `config:\n  observability:target: kubernetes\n  observability:kubernetes: {context: kind-a}\n  ${expected}`,
      ),
      preview("--stack", "deev"),
      preview("--target", "kubernetes", "--stack", "dev"),
      previewWith("config:\n  observability:secrets: {token: 'hunter2\n"),
      previewWith("environment:\n  - shop/dev\n  - shop/common\nconfig:\n  observability:exampleServices: false\n"),
    ]);
  });

  it("prints the whole program: resources, files, ports, addresses, and what it takes of the machine", () => {
    assert.deepEqual([text.code, text.stderr], [0, ""]);
    assert.deepEqual(
      text.stdout.match(/^\S.*$/gm)?.map((title) => title.replace(/\d+/, "N")),
      ["Resources (N)", "Files (N)", "Ports on this machine (N)", "URLs", "Footprint"],
    );
    assert.match(
      text.stdout,
      /^ {2}observability:InstrumentedService {2}backend\n {4}docker:Container +observability-backend$/m,
    );
    assert.match(text.stdout, /^ {6}docker:Volume +observability-loki-data +protected$/m);
    assert.match(text.stdout, /^ {2}127\.0\.0\.1:8080 +→ backend:8080 +http$/m);
    assert.match(text.stdout, /^ {2}api +http:\/\/127\.0\.0\.1:8080$/m);
    assert.ok(text.stdout.includes(`\n  memory limits: ${memoryLimits}\n`));
  });

  it("prints a program for a cluster as well, on a machine that has none", () => {
    assert.deepEqual([cluster.code, cluster.stderr], [0, ""]);
    assert.match(
      cluster.stdout,
      /^ {2}observability:InstrumentedService +backend\n {4}kubernetes:Deployment +observability-backend$/m,
    );
    assert.match(cluster.stdout, /^ {6}kubernetes:PersistentVolumeClaim +observability-loki-data +protected$/m);
    assert.match(cluster.stdout, /^ {6}kubernetes:Secret +observability-grafana-secrets +secret: data, stringData$/m);
    assert.ok(cluster.stdout.includes(`\n  memory limits: ${memoryLimits}\n`));
    assert.match(cluster.stdout, /\n\nExpected\n {2}10 services, 1 lines of 350 bytes a second, /);
  });

  it("prints the same as JSON, with the settings of the stack that is named", () => {
    assert.deepEqual([json.code, json.stderr], [0, ""]);
    const { stack, resources, files, ports, urls, footprint, capacity } = JSON.parse(json.stdout) as StackPreview & {
      readonly stack: string;
      readonly capacity: Capacity;
    };
    assert.match(stack, /^test-/);
    assert.equal(resources.length, 32 + furtherResources("o").length + furtherHosts.length);
    assert.match(files.find(({ workload }) => workload === "loki")?.content ?? "", /retention_period: 48h/);
    assert.deepEqual([capacity.expected.linesPerSecond, capacity.retentionDays], [1, 2]);
    assert.equal(ports.length, 6 + furtherPorts.length);
    assert.equal(urls.grafana, "http://127.0.0.1:3000");
    assert.ok(footprint.instances.some(({ name }) => name === "elsewhere-grafana"));
    assert.deepEqual(resources.find(({ name }) => name === "observability-docker")?.inputs, {
      host: { unknown: true },
    });
  });

  it("names every problem of the settings, the file to correct, and prints nothing else", () => {
    assert.deepEqual([bad.code, bad.stdout], [1, ""]);
    assert.match(bad.stderr, /^\nthe configuration has 2 problem\(s\), nothing was changed \(OBS1001\):\n/);
    assert.match(
      bad.stderr,
      /\n {2}next: correct Pulumi\.test-\d+-\d+\.yaml, then npm run preview -- --stack test-\d+-\d+\n {2}code: OBS1001, docs\/errors\/OBS1001\.md\n$/,
    );
    assert.doesNotMatch(bad.stderr, /\n {4}at /);
  });

  it("tells of a stack that is none, with the one that may be meant, and of another target than the stack's", () => {
    assert.deepEqual([unknown.code, unknown.stdout], [1, ""]);
    assert.match(
      unknown.stderr,
      /^\n--stack: must be a stack that has a settings file or is deployed \(files: [^)]*\bdev\b[^)]*\), got deev; did you mean dev\?\n {2}next: name one of them; or make a new one: npm run up -- --stack deev --target docker\|kubernetes\n {2}code: OBS1009, docs\/errors\/OBS1009\.md\n$/,
    );
    assert.deepEqual([other.code, other.stdout], [1, ""]);
    assert.match(other.stderr, /^\n--target: must be the one of the stack dev, which never changes, got kubernetes/);
  });

  it("tells of a file that is no YAML with its line, and shows nothing of it", () => {
    assert.deepEqual([broken.code, broken.stdout], [1, ""]);
    assert.match(
      broken.stderr,
      /^\nPulumi\.test-\d+-\d+\.yaml:3:1: must end what is begun: [^\n]+\nnothing was changed\n {2}next: correct Pulumi\.test-\d+-\d+\.yaml\n {2}code: OBS1007, docs\/errors\/OBS1007\.md\n$/,
    );
  });

  it("says that a difference needs the Pulumi CLI", () => {
    assert.deepEqual([diff.code, diff.stdout], [1, ""]);
    assert.match(
      diff.stderr,
      /^\npulumi: must be on the PATH, 3\.208 or newer, or be downloaded from \S+, got none on the PATH/,
    );
  });

  it("says that it is without what only Pulumi's engine knows of ESC, and where that is seen", () => {
    assert.equal(environment.code, 0);
    assert.match(
      environment.stderr,
      /^Pulumi\.[\w-]+\.yaml takes settings from Pulumi ESC \(shop\/dev, shop\/common\), which only Pulumi's engine knows; what follows is without them\n {2}next: npm run pulumi -- preview --stack [\w-]+\n$/,
    );
    assert.equal(text.stderr, "");
  });
});
