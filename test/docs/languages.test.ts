import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { documentedMetrics } from "../recordings/arriving-metrics.ts";
import { recordingOf } from "../recordings/replay.ts";
import { recordedServices } from "../recordings/services.ts";

const root = join(import.meta.dirname, "..", "..");
const clients = join(root, "test", "recordings", "clients");

// What a page tells a reader to run is what was run when the SDKs were recorded.
describe("the pages about languages", () => {
  for (const { language } of recordedServices) {
    const page = readFileSync(join(root, "docs", "languages", `${language}.md`), "utf8");
    const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text]) => text);
    // npm install is nobody's question.
    const run = readdirSync(join(clients, language))
      .filter((name) => name.endsWith(".sh") && !(language === "nodejs" && name === "install.sh"))
      .map((name) => readFileSync(join(clients, language, name), "utf8"));

    it(`${language}.md has the lines that the recording has run, and no others`, () => {
      assert.deepEqual(blocks.toSorted(), run.toSorted());
    });

    it(`${language}.md names a cause for each symptom`, () => {
      const rows = page.split("\n").filter((line) => line.startsWith("| "));
      assert.ok(rows.length > 5);
      for (const row of rows) assert.match(row, /^\| \S.* \| \S.* \|$/);
    });

    it(`the recording of ${language} has every signal, and nothing of the machine that it was made on`, () => {
      const recording = recordingOf(language);
      const text = JSON.stringify(recording);
      const signals = new Set(recording.flatMap((one) => Object.keys(one)));
      assert.deepEqual([...signals].toSorted(), ["resourceLogs", "resourceMetrics", "resourceSpans"]);
      assert.doesNotMatch(text, /\/(?:root|tmp|work|home\/(?!user\b))\//);
      const addresses = [...text.matchAll(/\b(?:\d{1,3}\.){3}\d{1,3}\b/g)].map(([address]) => address);
      assert.deepEqual(
        [...new Set(addresses)].filter((address) => address !== "127.0.0.1"),
        [],
      );
    });

    it(`the table of metrics has each that was recorded of ${language}`, () => {
      const documented = documentedMetrics(language);
      const recorded = recordingOf(language)
        .flatMap(({ resourceMetrics = [] }) => resourceMetrics)
        .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
        .map(({ name }) => name.replaceAll(".", "_"));
      const left = recorded.filter((name) => !documented.some((stored) => stored.startsWith(name)));
      assert.deepEqual(left, []);
    });
  }
});
