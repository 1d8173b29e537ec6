import assert from "node:assert/strict";
import { codedError } from "../../config/coded-error.ts";
import { refusedProgram } from "../../cli/refused-program.ts";

describe("what is wrong with a program", () => {
  it("is told with its code and what to do: with a lock of images that cannot be used, not in the settings", () => {
    const settings = refusedProgram(codedError("OBS1001", "wrong"), "correct Pulumi.dev.yaml");
    assert.deepEqual(
      [settings.errorCodes, settings.message],
      [["OBS1001"], "wrong (OBS1001)\n  next: correct Pulumi.dev.yaml"],
    );
    const { message } = refusedProgram(codedError("OBS1011", "wrong"), "correct Pulumi.dev.yaml");
    assert.equal(message, "wrong (OBS1011)\n  next: correct images.lock.json, then npm run up");
  });

  it("stays an error with a stack trace if it is a fault of the program", () => {
    const fault = new Error("a fault");
    assert.throws(
      () => refusedProgram(fault, ""),
      (error) => error === fault,
    );
  });
});
