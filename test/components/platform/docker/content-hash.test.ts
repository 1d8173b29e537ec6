import assert from "node:assert/strict";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
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

  it("changes with a file's permissions, and with a folder's", () => {
    for (const path of [join(folder, "src", "main.txt"), join(folder, "src")]) {
      assert.equal(
        changes(() => {
          chmodSync(path, 0o700);
        }),
        true,
        path,
      );
    }
  });

  it("does not change with times, which are in no layer", () => {
    assert.equal(
      changes(() => {
        utimesSync(join(folder, "src", "main.txt"), 1, 1);
      }),
      false,
    );
  });

  it("changes with the target of a link, also of one that leads nowhere or to a folder, and not with what is there", () => {
    const link = join(folder, "src", "link");
    const other = mkdtempSync(join(tmpdir(), "content-hash-"));
    try {
      const hashes = ["main.txt", "nowhere", other].map((target) => {
        rmSync(link, { force: true });
        symlinkSync(target, link);
        return hash();
      });
      assert.equal(new Set([hash(), ...hashes]).size, 3);
      writeFileSync(join(other, "not-sent"), "");
      assert.equal(hash(), hashes[2]);
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it("tells a link from a file that holds its target", () => {
    const path = join(folder, "src", "x");
    symlinkSync("main.txt", path);
    assert.equal(
      changes(() => {
        rmSync(path);
        writeFileSync(path, "main.txt", { mode: 0o777 });
      }),
      true,
    );
  });

  it("changes with an empty folder, which is sent too, and with the folder above what .dockerignore lets through", () => {
    const changedBy = (path: string): boolean =>
      changes(() => {
        mkdirSync(join(folder, path), { mode: 0o755 });
      });
    assert.deepEqual([changedBy("src/empty"), changedBy("kept-out")], [true, false]);
    writeFileSync(join(folder, ".dockerignore"), "*\n!lib/one.txt\n");
    mkdirSync(join(folder, "lib"));
    writeFileSync(join(folder, "lib", "one.txt"), "");
    assert.equal(
      changes(() => {
        chmodSync(join(folder, "lib"), 0o700);
      }),
      true,
    );
  });
});
