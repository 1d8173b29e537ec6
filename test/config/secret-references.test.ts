import assert from "node:assert/strict";
import { collectorReferences, grafanaReferences, secretFile, textsIn } from "../../config/secret-references.ts";

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

  it("are looked for in every text, wherever it is", () => {
    assert.deepEqual(textsIn({ a: ["x", { b: "y" }], c: null, d: 1 }), [
      [["a", "0"], "x"],
      [["a", "1", "b"], "y"],
    ]);
    assert.equal(secretFile("one"), "/run/secrets/one");
  });
});
