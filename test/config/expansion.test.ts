import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import {
  collectorReferences,
  collectorSecretText,
  grafanaDollar,
  grafanaReferences,
  grafanaSecretText,
  grafanaText,
  noUserText,
  secretFile,
  sinks,
  textsIn,
} from "../../config/expansion.ts";
import { isBackend, workloadSinks } from "../../config/parts/parts.ts";
import { secretAsGrafanaReads } from "../support/grafana-expansion.ts";
import { sampleWorkloads, noFacts } from "../support/workloads.ts";

describe("references to secrets", () => {
  it("are found in the Collector's texts, and what is none with them", () => {
    assert.deepEqual(collectorReferences("a ${file:/run/secrets/one}${env:X}$${file:/run/secrets/two} $1"), [
      { written: "${file:/run/secrets/one}", secret: "one" },
      { written: "${env:X}", secret: undefined },
    ]);
  });

  it("are found in Grafana's texts, and other files with them", () => {
    assert.deepEqual(grafanaReferences("Bearer $__file{/run/secrets/one} $__file{/etc/x} $$__file{/run/secrets/two}"), [
      { written: "$__file{/run/secrets/one}", secret: "one" },
      { written: "$__file{/etc/x}", secret: undefined },
    ]);
  });

  it("are found in a time that does not grow with the square of the text, as Grafana's dollar signs are escaped", () => {
    const [collector, grafana] = ["${".repeat(100_000), "$__file{".repeat(100_000)];
    assert.deepEqual([collectorReferences(collector), grafanaReferences(grafana)], [[], []]);
    assert.deepEqual(collectorReferences(`\${env:X}${collector}`), [{ written: "${env:X}", secret: undefined }]);
    assert.equal(grafanaText(`$a$$b$__file{x}$c$$d${grafana}`), `$$a$$b$__file{x}$$c$$d${"$$__file{".repeat(100_000)}`);
  });

  it("are looked for in every text, wherever it is", () => {
    assert.deepEqual(textsIn({ a: ["x", { b: "y" }], c: null, d: 1 }), [
      [["a", "0"], "x"],
      [["a", "1", "b"], "y"],
    ]);
    assert.equal(secretFile("one"), "/run/secrets/one");
  });
});

describe("a secret with dollar signs in it", () => {
  const secret = fc
    .array(fc.constantFrom("$", "{", "}", "HOME", "a", "env:HOME", "__file", "1"))
    .map((parts) => parts.join(""));

  it("arrives at Grafana as it was set", () => {
    fc.assert(
      fc.property(secret, (text) => {
        assert.equal(secretAsGrafanaReads(grafanaSecretText(text), { ...grafanaDollar, HOME: "/root" }), text);
      }),
    );
  });

  it("arrives at the Collector as it was set: nothing in it is a reference, and two dollar signs are one", () => {
    fc.assert(
      fc.property(secret, (text) => {
        const written = collectorSecretText(text);
        assert.deepEqual(collectorReferences(written), []);
        assert.equal(written.replaceAll("$$", "$"), text);
      }),
    );
  });
});

describe("the table of places whose text another program reads", () => {
  it("has every file, argument and variable of every workload", () => {
    for (const [kind, describeWorkload] of Object.entries(sampleWorkloads)) {
      const { name, configFiles, secretFiles } = describeWorkload(noFacts);
      const places = workloadSinks[isBackend(name) ? name : "services"] ?? {};
      // Nothing but the service itself reads its own files, and no platform changes what is in one.
      const files = isBackend(name) ? [...configFiles, ...secretFiles] : [];
      const needed = ["args", "env", ...files.map(({ path }) => path)];
      const known = Object.keys(places);
      const missing = needed.filter((place) => !known.some((each) => place === each || place.startsWith(`${each}/`)));
      assert.deepEqual(missing, [], kind);
    }
  });

  it("has a rule for each kind of text, and each kind is somewhere or is a setting's", () => {
    const used = new Set(Object.values(workloadSinks).flatMap((places) => Object.values(places).flat()));
    assert.deepEqual([...used].sort(), [...Object.keys(sinks), noUserText].sort());
  });

  it("is on the page for users, a row for each place: the text, what would be replaced, and what happens", () => {
    const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "own-code.md"), "utf8");
    const [, section = ""] = page.split("\n## Dollar signs\n");
    const [, , ...rows] = section
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .map((line) =>
        line
          .split(/(?<!\\)\|/)
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    assert.deepEqual(
      rows.map(([what]) => what),
      Object.values(sinks),
    );
    for (const row of rows) assert.match(row.join("|"), /^[^|]+\|[^|]+\|(?:meant|escaped|refused|arrives|`\$)[^|]+$/);
  });
});
