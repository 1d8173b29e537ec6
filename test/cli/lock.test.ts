import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withLock } from "../../cli/lock.ts";
import { UserError } from "../../cli/user-error.ts";

const lockModule = join(import.meta.dirname, "..", "..", "cli", "lock.ts");

/**
 * A process that tries for the lock of `dev` at each line that it gets and says "won", or else why not. Of the lock that
 * it has won it holds on until the next line, and then says "released".
 */
const starter = `
  import { closeSync, openSync, rmSync } from "node:fs";
  import { createInterface } from "node:readline";
  const [lockModule, folder] = process.argv.slice(1);
  const { withLock } = await import(lockModule);
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  console.log("ready");
  while (!(await lines.next()).done) {
    try {
      await withLock(folder, "dev", async () => {
        // Fails if another one is in here.
        closeSync(openSync(folder + "/inside", "wx"));
        console.log("won");
        await lines.next();
        rmSync(folder + "/inside");
      });
      console.log("released");
    } catch (error) {
      console.log(error.message.split("\\n", 1)[0]);
    }
  }
`;

class Starter {
  readonly process: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  constructor(folder: string) {
    const args = [
      "--disable-warning=ExperimentalWarning",
      "--input-type=module",
      "--eval",
      starter,
      lockModule,
      folder,
    ];
    this.process = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.lines = linesOf(this.process);
  }

  async said(): Promise<string> {
    return ((await this.lines.next()) as { readonly value: string }).value;
  }

  go(): void {
    this.process.stdin?.write("\n");
  }
}

async function* linesOf({ stdout }: ChildProcess): AsyncGenerator<string, string> {
  let text = "";
  for await (const chunk of stdout ?? []) {
    const lines = (text + String(chunk)).split("\n");
    text = lines.pop() ?? "";
    yield* lines;
  }
  return text;
}

describe("the lock of a stack", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lock-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("lets one command at a time change a stack, and says who is at it", async () => {
    await withLock(folder, "dev", async () => {
      await assert.rejects(
        withLock(folder, "dev", () => Promise.resolve()),
        (error) => {
          assert.ok(error instanceof UserError);
          assert.match(error.message, new RegExp(`^the stack dev is being changed by process ${process.pid}, since 2`));
          assert.match(error.message, /\n {2}next: wait until it has ended/);
          assert.deepEqual(error.errorCodes, ["OBS1401"]);
          return true;
        },
      );
      assert.equal(await withLock(folder, "other", () => Promise.resolve("free")), "free");
    });
  });

  it("is released when the command ends, well or not", async () => {
    await assert.rejects(
      withLock(folder, "dev", () => Promise.reject(new Error("no"))),
      /no/,
    );
    assert.equal(existsSync(join(folder, "dev.lock")), false);
    assert.equal(await withLock(folder, "dev", () => Promise.resolve("mine")), "mine");
  });

  it("is told in one message where there can be none", async () => {
    mkdirSync(join(folder, "dev.lock.db"));
    writeFileSync(join(folder, "shop.lock.db"), "no database, but longer than nothing");
    for (const [stack, got] of [
      ["dev", "unable to open database file"],
      ["shop", "file is not a database"],
    ] as const) {
      await assert.rejects(
        withLock(folder, stack, () => Promise.resolve()),
        (error) => {
          assert.ok(error instanceof UserError);
          assert.deepEqual(error.errorCodes, ["OBS1106"]);
          assert.equal(
            error.message,
            `${folder}/${stack}.lock.db: must be a file that this command can lock, got: ${got}\n` +
              "  next: see who owns it and its folder, or remove it while no other command runs; then npm run up",
          );
          return true;
        },
      );
    }
  });

  const left: Readonly<Record<string, string | undefined>> = {
    nothing: undefined,
    "an empty file": "",
    "a file cut in half": '{"pid": 1',
    "another text": "\0\u2028[]",
    "the id of a process that is another one by now": JSON.stringify({ pid: process.pid, since: "2026-01-02" }),
  };

  it("goes to exactly one of three to eight processes at once when its holder was killed, whatever that has left", async function () {
    // A process a round, on a machine that may have other work.
    this.timeout(60_000);
    const starters = Array.from({ length: 8 }, () => new Starter(folder));
    try {
      for (const each of starters) assert.equal(await each.said(), "ready");
      for (let round = 0; round < 25; round += 1) {
        const [what = "", content] = Object.entries(left)[round % 5] ?? [];
        const contenders = starters.slice(0, 3 + (round % 6));
        for (const each of contenders) each.go();
        const said = await Promise.all(contenders.map((each) => each.said()));
        const refused = said.filter((line) => line.startsWith("the stack dev is being changed by "));
        assert.deepEqual([said.includes("won"), refused.length], [true, contenders.length - 1], said.join("\n"));

        const [winner] = starters.splice(said.indexOf("won"), 1);
        winner?.process.kill("SIGKILL");
        await once(winner?.process ?? process, "exit");
        rmSync(join(folder, "inside"));
        const holderFile = join(folder, "dev.lock");
        assert.match(readFileSync(holderFile, "utf8"), /"pid"/, what);
        rmSync(holderFile);
        if (content !== undefined) writeFileSync(holderFile, content);
        const fresh = new Starter(folder);
        assert.equal(await fresh.said(), "ready");
        starters.push(fresh);
      }
      assert.equal(await withLock(folder, "dev", () => Promise.resolve("free")), "free");
    } finally {
      for (const each of starters) each.process.kill();
    }
  });
});
