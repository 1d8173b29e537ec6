import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pWaitFor from "p-wait-for";
import ts from "typescript";

const run = promisify(execFile);
const packageFolder = join(import.meta.dirname, "../../..");

/** The applications of `apps/`, each installed in a folder of its own with the tarball that `npm pack` makes. */
export class Applications {
  readonly folder: string;
  private readonly tarball: string;
  private readonly running: RunningApplication[] = [];

  private constructor(folder: string, tarball: string) {
    this.folder = folder;
    this.tarball = tarball;
  }

  /** Packs the library. */
  static async pack(): Promise<Applications> {
    const folder = mkdtempSync(join(tmpdir(), "telemetry-apps-"));
    const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: packageFolder });
    const [packed] = JSON.parse(stdout) as { readonly filename: string }[];
    if (packed === undefined) throw new Error(`npm pack: must print what it has packed, got ${stdout}`);
    return new Applications(folder, join(folder, packed.filename));
  }

  /** Installs an application from the registry; one in TypeScript is compiled as its own build would. */
  async install(name: string, ...packages: readonly string[]): Promise<string> {
    const target = join(this.folder, name);
    const source = join(packageFolder, "apps", name);
    if (existsSync(source)) cpSync(source, target, { recursive: true });
    else mkdirSync(target);
    const flags = ["--no-audit", "--no-fund", "--prefer-offline"];
    await run("npm", ["install", ...flags, this.tarball, ...packages], { cwd: target });
    const main = join(target, "main.ts");
    if (existsSync(main)) {
      const { outputText } = ts.transpileModule(readFileSync(main, "utf8"), {
        compilerOptions: {
          module: ts.ModuleKind.CommonJS,
          target: ts.ScriptTarget.ES2022,
          experimentalDecorators: true,
          emitDecoratorMetadata: true,
        },
      });
      writeFileSync(join(target, "main.js"), outputText);
    }
    return target;
  }

  /** Starts an application in the folder where it is installed. */
  run(
    folder: string,
    command: readonly string[],
    env: Readonly<Record<string, string>>,
    node: string,
  ): RunningApplication {
    const application = new RunningApplication(folder, command, env, node);
    this.running.push(application);
    return application;
  }

  /** Ends what still runs, after a test that has failed for instance, and removes all that is installed. */
  remove(): void {
    for (const application of this.running) application.kill();
    rmSync(this.folder, { recursive: true });
  }
}

/** A running application. */
export class RunningApplication {
  /** Everything it has printed. */
  output = "";
  private readonly child: ChildProcess;

  constructor(folder: string, command: readonly string[], env: Readonly<Record<string, string>>, node: string) {
    this.child = spawn(node, command, {
      cwd: folder,
      env: { PATH: process.env["PATH"] ?? "", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
  }

  /** Waits until it says where it listens. */
  async url(): Promise<string> {
    const port = await pWaitFor(
      () => {
        const said = /listening on (\d+)/.exec(this.output)?.[1];
        if (said === undefined && this.child.exitCode !== null) throw new Error("the application has ended");
        return said === undefined ? false : pWaitFor.resolveWith(said);
      },
      { interval: 50, timeout: 60_000 },
    ).catch((error: unknown) => {
      throw new Error(`the application must say where it listens, got ${this.output}`, { cause: error });
    });
    return `http://127.0.0.1:${port}`;
  }

  /** Asks it to stop. */
  stop(): void {
    this.child.kill("SIGTERM");
  }

  /** Ends it at once, if it has not ended. */
  kill(): void {
    this.child.kill("SIGKILL");
  }

  /** How it has ended: its exit code, or the signal. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit");
    return this.child.exitCode ?? this.child.signalCode;
  }
}
