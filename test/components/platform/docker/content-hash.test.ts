import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentHash } from "../../../../components/platform/docker/content-hash.ts";
import { imageFolder } from "../../../support/workloads.ts";

describe("the hash of an image's content", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "content-hash-"));
    cpSync(imageFolder, folder, { recursive: true });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const hash = (extra = ""): string => contentHash(folder, "Dockerfile", extra);
  const changes = (change: () => void): boolean => {
    const before = hash();
    change();
    return hash() !== before;
  };

  it("is 12 hex digits, the same in every folder with the same content", () => {
    assert.match(hash(), /^[0-9a-f]{12}$/);
    assert.equal(hash(), contentHash(imageFolder, "Dockerfile", ""));
  });

  it("changes with the bytes of a file, with its name, and with a new one", () => {
    const file = join(folder, "src", "main.txt");
    assert.equal(
      changes(() => {
        writeFileSync(file, "something else\n");
      }),
      true,
    );
    assert.equal(
      changes(() => {
        renameSync(file, join(folder, "src", "other.txt"));
      }),
      true,
    );
    assert.equal(
      changes(() => {
        writeFileSync(join(folder, "src", "new.txt"), "");
      }),
      true,
    );
  });

  it("changes with the Dockerfile, which is sent even where .dockerignore leaves it out", () => {
    assert.equal(
      changes(() => {
        writeFileSync(join(folder, "Dockerfile"), "FROM other\n");
      }),
      true,
    );
  });

  it("changes with what comes from elsewhere: the build arguments", () => {
    assert.notEqual(hash('{"NODE":"22"}'), hash('{"NODE":"24"}'));
  });

  it("does not change with what .dockerignore keeps out", () => {
    assert.equal(
      changes(() => {
        writeFileSync(join(folder, "notes.txt"), "not sent\n");
      }),
      false,
    );
    const ignored = join(folder, "node_modules", "x");
    assert.equal(
      changes(() => {
        mkdirSync(ignored, { recursive: true });
        writeFileSync(join(ignored, "y.js"), "");
      }),
      false,
    );
  });

  it("counts every file of a folder without .dockerignore", () => {
    rmSync(join(folder, ".dockerignore"));
    assert.equal(
      changes(() => {
        writeFileSync(join(folder, "notes.txt"), "sent\n");
      }),
      true,
    );
  });

  it("tells two files apart from one with both contents", () => {
    writeFileSync(join(folder, "src", "a"), "1");
    writeFileSync(join(folder, "src", "b"), "2");
    assert.equal(
      changes(() => {
        writeFileSync(join(folder, "src", "a"), "12");
        writeFileSync(join(folder, "src", "b"), "");
      }),
      true,
    );
  });
});
