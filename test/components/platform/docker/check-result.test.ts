import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { checkResult, succeeded } from "../../../../components/platform/docker/check-result.ts";
import { recordProgram, type RecordedProgram } from "../../../support/record-resources.ts";

/** A container that has ended. */
class Ended extends pulumi.ComponentResource {
  readonly exitCode: pulumi.Output<number>;
  readonly containerLogs: pulumi.Output<string>;

  constructor(code: number, logs: string) {
    super("test:index:Ended", "ended");
    this.exitCode = pulumi.output(code);
    this.containerLogs = pulumi.secret(logs);
  }
}

const secretFiles = (): [{ path: string; content: pulumi.Output<string> }] => [
  { path: "/run/secrets/token", content: pulumi.secret("hunter2") },
];

function result(code: number, logs: string): Promise<RecordedProgram> {
  return recordProgram(() => ({
    result: checkResult(new Ended(code, logs), { args: ["validate"], setting: "otelCollector.config" }, secretFiles()),
  }));
}

describe("the result of a check", () => {
  it("is known and no secret when the check has ended well, whatever it said", async () => {
    assert.deepEqual((await result(0, "a warning")).outputs, { result: "passed" });
  });

  it("is an error with the setting and the program's words when it has not, secrets left out", async () => {
    await assert.rejects(result(1, "bad header: hunter2\n"), {
      message:
        "otelCollector.config: must be accepted by the program that reads it; correct what it reports (OBS1005):\n  bad header: [secret]",
    });
  });
});

describe("a container that runs once", () => {
  const ended = (code: number): Promise<RecordedProgram> =>
    recordProgram(() => ({
      name: succeeded(new Ended(code, ""), (got) => `migrate: must end with 0, got ${got}; see docker logs migrate`)
        .urn,
    }));

  it("lets go on what waits for it when it has ended with 0, and is an error with its code when it has not", async () => {
    await ended(0);
    await assert.rejects(ended(3), {
      message: "migrate: must end with 0, got 3; see docker logs migrate (OBS1210)",
    });
  });
});
