import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { imageLockText } from "../../config/image-lock.ts";
import { programFiles } from "../../config/program-files.ts";
import { programSettings } from "../../config/program-settings.ts";
import { defaultImages } from "../../config/resolve-images.ts";
import { refusalOf } from "../support/refusal.ts";

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
    assert.deepEqual(programSettings({}, identity, programFiles(folder)).stack.images, defaultImages);
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

  it("are refused if the lock is there and cannot be read", () => {
    mkdirSync(file);
    assert.equal(
      refusalOf(() => programFiles(folder)),
      'the configuration has 1 problem(s), nothing was changed (OBS1011):\n  images.lock.json: must be a file that can be read, got "EISDIR"; correct that, or remove it',
    );
  });
});
