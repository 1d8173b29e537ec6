import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { imageLockText } from "../../config/image-lock.ts";
import { programFiles } from "../../config/program-files.ts";
import { programSettings } from "../../config/program-settings.ts";
import { defaultImages, resolveInstrumentImages } from "../../config/resolve-images.ts";
import { refusalOf } from "../support/refusal.ts";

const run = promisify(execFile);
const identity = { project: "observability", stack: "dev" };
const digest = `sha256:${"0a".repeat(32)}`;

describe("the files of the program", () => {
  let folder: string, file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "program-files-"));
    file = join(folder, "images.lock.json");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("need no lock of images: without one each image is what its tag is", () => {
    const { images } = programSettings({}, identity, programFiles(folder)).stack;
    assert.deepEqual(images, { ...defaultImages, ...resolveInstrumentImages("", {}) });
  });

  for (const target of ["docker", "kubernetes"]) {
    it(`have the digest that each image is named by, on ${target}`, () => {
      writeFileSync(file, imageLockText(new Map(Object.values<string>(defaultImages).map((image) => [image, digest]))));
      const config = {
        "observability:target": target,
        "observability:kubernetes": '{"context":"kind","registry":"a.b"}',
      };
      assert.deepEqual(
        programSettings(config, identity, programFiles(folder)).stack.images,
        // What services copy from is not in it, and so not in the settings: see instrumented-service.test.ts.
        Object.fromEntries(Object.entries(defaultImages).map(([name, image]) => [name, `${image}@${digest}`])),
      );
    });
  }

  it("refuse what the lock lacks, with whatever else is wrong with the settings", () => {
    const locked = Object.values<string>(defaultImages).filter((image) => image !== defaultImages.loki);
    writeFileSync(file, imageLockText(new Map(locked.map((image) => [image, digest]))));
    const config = { "observability:retentionHours": "1" };
    const [header, hours, loki, ...more] = refusalOf(() =>
      programSettings(config, identity, programFiles(folder)),
    ).split("\n");
    assert.equal(header, "the configuration has 2 problem(s), nothing was changed (OBS1001):");
    assert.match(hours ?? "", /^ {2}retentionHours: /);
    assert.equal(
      loki,
      `  images.loki: must be an image that images.lock.json has the digest of, got "${defaultImages.loki}"; run npm run images:lock, or name the one that was locked`,
    );
    assert.deepEqual(more, []);
  });

  it("are without the lock in a process that leaves it out, since it is about to write it", async () => {
    mkdirSync(file);
    const module = JSON.stringify(join(import.meta.dirname, "..", "..", "config", "program-files.ts"));
    const script = `
      const { leaveOutImageLock, programFiles } = await import(${module});
      leaveOutImageLock();
      console.log(typeof programFiles(${JSON.stringify(folder)}).imageLock);`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script]);
    assert.equal(stdout, "undefined\n");
  });

  it("are refused if the lock is there and cannot be read", () => {
    mkdirSync(file);
    assert.equal(
      refusalOf(() => programFiles(folder)),
      'the configuration has 1 problem(s), nothing was changed (OBS1011):\n  images.lock.json: must be a file that can be read, got "EISDIR"; correct that, or remove it',
    );
  });
});
