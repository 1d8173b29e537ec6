import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { thisPlatform } from "../../../cli/bundle/format.ts";
import { programSources } from "../../../cli/bundle/programs.ts";
import { Bundle } from "../../../cli/bundle/use-bundle.ts";
import { writeBundle } from "../../../cli/bundle/write-bundle.ts";
import { Docker } from "../../../cli/docker/docker.ts";
import type { ErrorCode } from "../../../config/error-codes.ts";
import { Progress } from "../../../cli/progress.ts";
import { UserError } from "../../../cli/user-error.ts";
import { fakeCommand } from "../../support/fake-command.ts";

const id = `sha256:${"a".repeat(64)}`;
const images = [{ reference: "grafana/loki:3", id }];

/**
 * A daemon that keeps what it is given in a folder: it saves an archive that says "images", and has the image once it was
 * given that.
 */
const daemon = (folder: string): Docker =>
  new Docker(
    undefined,
    fakeCommand(
      "docker",
      `case "$1 $2" in
         "image save") printf images >"$4";;
         "image load") cat >${folder}/loaded; [ "$(cat ${folder}/loaded)" = images ] || { echo "invalid tar header" >&2; exit 1; };;
         "image tag") echo "$3 $4" >>${folder}/tags;;
         "image inspect") if [ -e ${folder}/loaded ]; then echo '[{ "Id": "${id}" }]'; else echo '[]'; exit 1; fi;;
       esac`,
    ).env,
  );

describe("a bundle", () => {
  let folder: string;
  let file: string;
  let home: string | undefined;
  let interruption: AbortController;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "bundle-"));
    file = join(folder, "bundle.tar");
    home = process.env["PULUMI_HOME"];
    interruption = new AbortController();
    process.env["PULUMI_HOME"] = join(folder, "home");
  });
  afterEach(() => {
    if (home === undefined) delete process.env["PULUMI_HOME"];
    else process.env["PULUMI_HOME"] = home;
    rmSync(folder, { recursive: true });
  });

  async function written(platform = thisPlatform, onLine: (line: string) => void = () => undefined): Promise<void> {
    const plugin = join(folder, "plugin");
    const project = join(folder, "project");
    for (const each of [plugin, project]) mkdirSync(each);
    writeFileSync(join(plugin, "pulumi-resource-docker"), "the plugin", { mode: 0o755 });
    writeFileSync(join(project, "index.ts"), "the project");
    const programs = await programSources([{ folder: plugin, place: "plugins/resource-docker-v5.2.0" }]);
    const content = { platform, images, programs, sbom: "{}", project: { folder: project, files: ["./index.ts"] } };
    const progress = new Progress(onLine);
    try {
      await writeBundle(file, content, daemon(folder), progress, interruption.signal);
    } finally {
      progress.stop();
    }
  }

  const place = (): string => join(folder, "home", "plugins");

  it("brings programs and images, each once, and leaves nothing else behind", async () => {
    await written();
    assert.deepEqual(readdirSync(folder).sort(), ["bundle.tar", "plugin", "project"]);
    const bundle = await Bundle.open(file);
    const said: string[] = [];
    for (let times = 0; times < 2; times += 1) {
      await bundle.bringPrograms((line) => said.push(line));
      await bundle.bringImages(
        daemon(folder),
        ["mirror.example.com/grafana/loki:3", "own:1"],
        "mirror.example.com",
        (line) => said.push(line),
      );
    }
    const plugin = join(place(), "resource-docker-v5.2.0", "pulumi-resource-docker");
    assert.equal(readFileSync(plugin, "utf8"), "the plugin");
    assert.equal(statSync(plugin).mode & 0o777, 0o755);
    assert.deepEqual(readdirSync(place()), ["resource-docker-v5.2.0"]);
    const missing = "not in the bundle, so it has to be here or in a registry: own:1";
    assert.deepEqual(said, [
      `taking the Pulumi CLI and its plugins out of ${file}`,
      `loading 1 image(s) out of ${file}`,
      missing,
      missing,
    ]);
    assert.match(
      readFileSync(join(folder, "tags"), "utf8"),
      /^grafana\/loki:3 mirror\.example\.com\/grafana\/loki:3\n/,
    );
  });

  it("that is interrupted while it is written leaves nothing", async () => {
    const interruptAt = (line: string): void => {
      if (line.endsWith("writing the archive")) interruption.abort();
    };
    await assert.rejects(written(thisPlatform, interruptAt), { name: "AbortError" });
    assert.deepEqual(readdirSync(folder).sort(), ["plugin", "project"]);
  });

  /** What is said of a bundle in which one text was replaced by another one of the same length. */
  async function saidOfDamaged(
    code: ErrorCode,
    from: string,
    to: string,
    use: (bundle: Bundle) => Promise<void>,
  ): Promise<string> {
    const bytes = readFileSync(file, "latin1");
    assert.ok(bytes.includes(from));
    writeFileSync(file, bytes.replace(from, to), "latin1");
    return problemOf(code, async () => use(await Bundle.open(file)));
  }

  async function problemOf(code: ErrorCode, action: () => Promise<unknown>): Promise<string> {
    try {
      await action();
    } catch (error) {
      assert.ok(error instanceof UserError, String(error));
      assert.deepEqual(error.errorCodes, [code]);
      const [problem = "", ...rest] = error.message.replaceAll(file, "FILE").split("\n");
      assert.deepEqual(
        rest.map((line) => line.slice(0, 7)),
        ["nothing", "  next:"],
      );
      return problem;
    }
    return assert.fail("must be refused");
  }

  it("with a program that is not what was put into it brings none", async () => {
    await written();
    const problem = await saidOfDamaged("OBS1602", "the plugin", "the poison", (bundle) =>
      bundle.bringPrograms(() => undefined),
    );
    assert.match(
      problem,
      /^--bundle FILE: must be whole, and there must be room for it, got: plugins\/resource-docker-v5\.2\.0\/pulumi-resource-docker: must have the SHA-256 [0-9a-f]{64}, got [0-9a-f]{64}$/,
    );
    assert.deepEqual(readdirSync(place()), []);
  });

  it("that was cut off says so, and brings no part of a program", async () => {
    await written();
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.subarray(0, bytes.indexOf("the plugin") + 4));
    const problem = await problemOf("OBS1602", async () => (await Bundle.open(file)).bringPrograms(() => undefined));
    assert.match(problem, /^--bundle FILE: must be whole, and there must be room for it, got: /);
    assert.deepEqual(existsSync(place()) ? readdirSync(place()) : [], []);
  });

  it("is refused if it is for another kind of machine, is not there or is something else", async () => {
    assert.match(
      await problemOf("OBS1601", () => Bundle.open(file)),
      /^--bundle FILE: must be one that npm run bundle has written, got: no such file$/,
    );
    await written("plan9-mips");
    assert.equal(
      await problemOf("OBS1601", () => Bundle.open(file)),
      `--bundle FILE: must be for ${thisPlatform}, as this machine is, got one for plan9-mips`,
    );
    for (const text of ["", "a text", "x".repeat(5000)]) {
      writeFileSync(file, text);
      assert.match(
        await problemOf("OBS1601", () => Bundle.open(file)),
        /^--bundle FILE: must be one that npm run bundle has written, got/,
      );
    }
  });

  it("never writes out of the folder of a version", async () => {
    await written();
    const problem = await saidOfDamaged(
      "OBS1601",
      '"plugins/resource-docker-v5.2.0/pulumi',
      '"plugins/../../../../-docker-v5.2/pulu',
      (bundle) => bundle.bringPrograms(() => undefined),
    );
    assert.match(problem, /^--bundle FILE: must be one that npm run bundle has written, got: /);
  });
});
