import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { changesOf, releasedChangelog } from "../../generators/changelog.ts";

const root = join(import.meta.dirname, "..", "..");
const text = "# Changelog\n\n## Unreleased\n\n### Added\n\n- A thing\n\n## 0.1.0 - 2026-01-01\n\n- The first one\n";

describe("the changelog of a release", () => {
  it("has what was not released yet under the version, and an empty section above it", () => {
    const released = releasedChangelog(text, "0.2.0", "2026-11-27");
    assert.equal(
      released,
      "# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-11-27\n\n### Added\n\n- A thing\n\n## 0.1.0 - 2026-01-01\n\n- The first one\n",
    );
    assert.equal(changesOf(released, "0.2.0"), "### Added\n\n- A thing\n");
    assert.equal(changesOf(released, "0.1.0"), "- The first one\n");
  });

  it("is refused without anything new, with a version that there is, and without the section", () => {
    const again = releasedChangelog(text, "0.2.0", "2026-11-27");
    assert.throws(() => releasedChangelog(again, "0.3.0", "2026-11-28"), /must say under Unreleased what is new/);
    assert.throws(() => releasedChangelog(text, "0.1.0", "2026-11-28"), /must have no section for 0\.1\.0 yet/);
    assert.throws(() => releasedChangelog("# Changelog\n", "0.1.0", "2026-11-28"), /must have the section Unreleased/);
    assert.throws(() => changesOf(text, "0.2.0"), /must have a section for 0\.2\.0, has none/);
  });

  it("can be made of this repository's own", () => {
    const own = readFileSync(join(root, "CHANGELOG.md"), "utf8");
    assert.match(changesOf(releasedChangelog(own, "99.0.0", "2026-11-27"), "99.0.0"), /^### Added\n/);
  });
});

const workflow = z.looseObject({
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.looseObject({ steps: z.array(z.looseObject({ run: z.string().optional(), uses: z.string().optional() })) }),
  ),
});

describe("the workflows of a public CI", () => {
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));

  for (const name of ["ci", "release"]) {
    it(`${name} runs scripts that there are, with the rights to read unless a job says otherwise`, () => {
      const { jobs, permissions } = workflow.parse(
        parse(readFileSync(join(root, ".github", "workflows", `${name}.yml`), "utf8")),
      );
      assert.deepEqual(permissions, { contents: "read" });
      const commands = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run = "" }) => run.split("\n")));
      const called = commands.flatMap((line) =>
        [...line.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, script = ""]) => script),
      );
      assert.notEqual(called.length, 0);
      assert.deepEqual(
        called.filter((script) => !(script in scripts)),
        [],
      );
      assert.ok(commands.includes("npm ci"));
    });
  }
});
