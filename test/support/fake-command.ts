import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A command in a folder of its own that does what a shell script says, for what cannot be provoked with the real one. */
export interface FakeCommand {
  /** An environment in which the command is found, and nothing but the shell's own beside it. */
  readonly env: NodeJS.ProcessEnv;
  readonly remove: () => void;
}

const folders = new Set<string>();
// Those that a test has left in use to its end.
process.on("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** @param script a shell script; `$*` are the arguments */
export function fakeCommand(name: string, script: string): FakeCommand {
  const folder = mkdtempSync(join(tmpdir(), "fake-command-"));
  folders.add(folder);
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return {
    env: { PATH: `${folder}:/usr/bin:/bin` },
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}
