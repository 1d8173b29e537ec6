import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { runCommand } from "../../cli/run-command.ts";
import { UserError } from "../../cli/user-error.ts";

describe("a command", () => {
  const { exitCode } = process;
  const write = process.stderr.write.bind(process.stderr);
  afterEach(() => {
    process.exitCode = exitCode;
    process.stderr.write = write;
  });

  it("ends with the status that its main function returns", async () => {
    await runCommand(() => Promise.resolve(3));
    assert.equal(process.exitCode, 3);
  });

  it("ends with 1 and the plain message when the user can solve the problem", async () => {
    const printed: string[] = [];
    process.stderr.write = (text: string | Uint8Array): boolean => {
      printed.push(String(text));
      return true;
    };
    await runCommand(() => Promise.reject(new UserError("OBS1106", "it failed\n  next: npm run up")));
    assert.deepEqual(
      [process.exitCode, printed.join("")],
      [1, "\nit failed\n  next: npm run up\n  code: OBS1106, docs/errors/OBS1106.md\n"],
    );
  });

  it("ends with 1 and the name of a file that the system does not let it use", async () => {
    const printed: string[] = [];
    process.stderr.write = (text: string | Uint8Array): boolean => {
      printed.push(String(text));
      return true;
    };
    const file = import.meta.filename;
    await runCommand(() => readdir(file).then(() => 0));
    assert.equal(process.exitCode, 1);
    assert.equal(
      printed.join(""),
      `\n${file}: must be usable by this command, got ENOTDIR: not a directory, scandir '${file}'\n  next: correct that, then try again\n  code: OBS1106, docs/errors/OBS1106.md\n`,
    );
  });

  it("fails loudly, with its stack trace, on anything else", async () => {
    const fault = new TypeError("a fault in the program");
    await assert.rejects(
      runCommand(() => Promise.reject(fault)),
      (error: unknown) => error === fault,
    );
  });
});
