import assert from "node:assert/strict";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { errorGroups } from "../../config/error-codes.ts";
import { allCodes, errorPages, provokingTests } from "../../generators/error-pages.ts";
import { brokenClaims } from "../generators/support/guide-checks.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** What is no setting of the stack, in the arguments of a service and among the functions. */
const fromPrograms = ["hostPort", "otelEnvFor", "previewStack"].map((name) => `setting: ${name}`);

describe("the error codes", () => {
  it("are those that the program gives, no more and no less", () => {
    const sources = globSync(["{cli,components,config}/**/*.ts", "packages/component/*.ts"], {
      cwd: root,
      exclude: ["config/error-codes.ts"],
    });
    const given = new Set(sources.flatMap((path) => read(path).match(/\bOBS\d{4}\b/g) ?? []));
    assert.deepEqual([...given].sort(), allCodes);
  });

  it("are of four digits, in order, each in a group", () => {
    const groups = Object.keys(errorGroups);
    for (const code of allCodes) {
      assert.match(code, /^OBS\d{4}$/);
      assert.ok(groups.includes(code.slice(0, 5)), code);
    }
    assert.deepEqual(allCodes, [...allCodes].sort());
  });

  it("each have a test that provokes the error and expects the code", () => {
    const without = [...provokingTests()].flatMap(([code, tests]) => (tests.length === 0 ? [code] : []));
    assert.deepEqual(without, []);
  });

  it("each have a page as the program has it; npm run docs writes them", async () => {
    const pages = await errorPages();
    const written = readdirSync(join(root, "docs", "errors")).map((file) => `docs/errors/${file}`);
    assert.deepEqual(written.sort(), [...pages.keys()].sort());
    for (const [path, text] of pages) assert.equal(read(path), text, path);
  });

  it("have pages that name settings, files, links and scripts that there are", () => {
    const broken = readdirSync(join(root, "docs", "errors")).flatMap((file) =>
      brokenClaims(read(`docs/errors/${file}`), `docs/errors/${file}`)
        .filter((claim) => !fromPrograms.includes(claim))
        .map((claim) => `${file}: ${claim}`),
    );
    assert.deepEqual(broken, []);
  });
});
