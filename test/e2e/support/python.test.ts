import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { instrumentations } from "../../../config/instrumentation.ts";

describe("what is mounted into the Python service of the end-to-end tests", () => {
  it("has the version of the image that a user would have", () => {
    const file = join(import.meta.dirname, "..", "fixtures", "flask-service", "instrumentation.txt");
    const [, version = ""] = /^opentelemetry-distro==(.+)$/m.exec(readFileSync(file, "utf8")) ?? [];
    assert.equal(instrumentations.python.image.split(":").at(-1), version);
  });
});
