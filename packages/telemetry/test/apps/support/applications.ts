import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";

const run = promisify(execFile);
const packageFolder = join(import.meta.dirname, "../../..");

/** The applications of `apps/`, each installed in a folder of its own with the tarball that `npm pack` makes. */
export class Applications {
  readonly folder: string;
  private readonly tarball: string;

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

  remove(): void {
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
    for (;;) {
      const port = /listening on (\d+)/.exec(this.output)?.[1];
      if (port !== undefined) return `http://127.0.0.1:${port}`;
      if (this.child.exitCode !== null) throw new Error(`the application has ended: ${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Asks it to stop. */
  stop(): void {
    this.child.kill("SIGTERM");
  }

  /** How it has ended: its exit code, or the signal. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit");
    return this.child.exitCode ?? this.child.signalCode;
  }
}
