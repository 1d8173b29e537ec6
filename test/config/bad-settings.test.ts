import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { programSettings } from "../../config/program-settings.ts";
import { readDashboardFolder } from "../../config/grafana/dashboard-folder.ts";
import { asPulumiConfig, badConfig, defectKinds, reported, type BadConfig } from "../support/program-config.ts";
import { refusalOf } from "../support/refusal.ts";
import { recordedIdentity, recordProgram } from "../support/record-resources.ts";

/** What the program says of a configuration. */
function messageOf(config: BadConfig["config"]): string {
  return refusalOf(() =>
    programSettings(asPulumiConfig(config), recordedIdentity, { readFolder: readDashboardFolder }),
  );
}

describe("300 bad configurations", () => {
  it("give 300 errors that name everything that is wrong, once, with path, rule, value and what to change", () => {
    const kinds = new Set<string>();
    let count = 0;
    fc.assert(
      fc.property(badConfig(), ({ config, defects }) => {
        const [header, ...lines] = messageOf(config).split("\n");
        assert.equal(header, `the configuration has ${defects.length} problem(s), nothing was changed (OBS1001):`);
        assert.equal(lines.length, defects.length, lines.join("\n"));
        for (const defect of defects) {
          const mine = lines.filter((line) => reported(defect).test(line));
          assert.equal(mine.length, 1, `${reported(defect).source}\n${lines.join("\n")}`);
          assert.ok(mine[0]?.includes(defect.says), `${defect.says}\n${lines.join("\n")}`);
          kinds.add(defect.kind);
        }
        for (const line of lines) assert.doesNotMatch(line, /invalid|: expected |received|undefined/i);
        count += 1;
      }),
      { numRuns: 300 },
    );
    assert.equal(count, 300);
    assert.deepEqual([...kinds].sort(), defectKinds);
  });

  it("create nothing: the program ends before its first resource", async () => {
    const program = pathToFileURL(join(import.meta.dirname, "..", "..", "index.ts")).href;
    for (const [index, { config, defects }] of fc.sample(badConfig(), 20).entries()) {
      const { resources } = await recordProgram(async () => {
        await assert.rejects(import(`${program}?bad=${index}`), {
          message: new RegExp(
            `^the configuration has ${defects.length} problem\\(s\\), nothing was changed \\(OBS1001\\):\n`,
          ),
        });
      }, asPulumiConfig(config));
      assert.deepEqual(resources, []);
    }
  });
});
