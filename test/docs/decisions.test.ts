import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brokenClaims } from "../generators/support/guide-checks.ts";

const root = join(import.meta.dirname, "..", "..");
const folder = "docs/decisions";
const pages = readdirSync(join(root, folder)).filter((file) => file !== "README.md");

function read(file: string): string {
  return readFileSync(join(root, folder, file), "utf8");
}

describe("the decisions on record", () => {
  it("are each in the index once, by their title", () => {
    const links = [...read("README.md").matchAll(/^- \[(.+)\]\((.+)\)$/gm)].map(
      ([, title, file]) => `${file}: ${title}`,
    );
    const titles = pages.map((file) => `${file}: ${/^# (.+)\n/.exec(read(file))?.[1] ?? "no title"}`);
    assert.deepEqual(links.sort(), titles.sort());
  });

  it("have a contributor's page that leads to them", () => {
    assert.ok(readFileSync(join(root, "CONTRIBUTING.md"), "utf8").includes(`(${folder}/README.md)`));
  });

  for (const file of pages) {
    it(`${file} has what it answers, what was decided and measured, and what would change it, on one page`, () => {
      const [title, ...sections] = read(file).split(/^## /m);
      assert.match(title ?? "", /^# .+\n\n$/);
      assert.deepEqual(
        sections.map((section) => section.split("\n", 1)[0]),
        ["Context", "Decision", "Measured", "What would change it"],
      );
      for (const section of sections) assert.match(section, /^.+\n\n\S/);
      assert.ok(read(file).split("\n").length <= 60, "more than 60 lines");
    });

    it(`${file} names files, links and scripts that there are`, () => {
      // Functions, and what other programs say, are no settings and variables of the guide's.
      const claims = brokenClaims(read(file), `${folder}/${file}`);
      assert.deepEqual(
        claims.filter((claim) => /^(link|file|script): /.test(claim)),
        [],
      );
    });
  }
});
