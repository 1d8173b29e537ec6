import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parts, type PartName } from "../../config/parts/parts.ts";
import type { StopContext } from "../../cli/backup/while-stopped.ts";
import type { Store } from "../../cli/backup/store.ts";
import { fakeCommand } from "./fake-command.ts";

/** What a backup of them says of itself. */
export const backupContent = {
  format: 1,
  version: "0.1.0",
  stack: "dev",
  name: "shop",
  target: "docker",
  createdAt: "2026-11-27T00:00:00.000Z",
} as const;

/** This machine's own shell and tar, by the name of what images have. */
const busybox = fakeCommand("busybox", 'exec "$@"');

/** Stores whose data is in folders of this machine, and which run or not: for what copies their data. */
export class FakeStores {
  readonly folder = mkdtempSync(join(tmpdir(), "stores-"));
  /** What was done to them, in order: `stop loki`, `script loki`, `start loki`. */
  readonly done: string[] = [];
  readonly said: string[] = [];
  readonly interruption = new AbortController();
  /** Is asked before a script runs. */
  beforeScript: (store: Store, script: string) => void = () => undefined;
  /** State of a store that runs. */
  upState = "healthy";

  readonly context: StopContext = {
    target: {
      startMillis: 10,
      logCommand: (instance) => `docker logs ${instance}`,
      stop: (store) => {
        this.done.push(`stop ${store.name}`);
        return Promise.resolve();
      },
      start: (store) => {
        this.done.push(`start ${store.name}`);
        return Promise.resolve();
      },
      instanceStates: (instances) => Promise.resolve(new Map(instances.map(({ name }) => [name, this.upState]))),
      inData: async (store, script, { input, output, signal }) => {
        this.done.push(`script ${store.name}`);
        this.beforeScript(store, script);
        signal?.throwIfAborted();
        const child = spawn("sh", ["-c", script], { cwd: this.dataOf(store.name), env: busybox.env });
        let errors = "";
        child.stderr.on("data", (bytes: Buffer) => (errors += bytes.toString()));
        const ended = once(child, "close") as Promise<[number | null]>;
        const [streams, [code]] = await Promise.all([
          Promise.allSettled([
            pipeline(input ?? Readable.from([]), child.stdin),
            output === undefined ? Promise.resolve(child.stdout.resume()) : pipeline(child.stdout, output),
          ]),
          ended,
        ]);
        if (code !== 0) throw new Error(errors);
        for (const one of streams) if (one.status === "rejected") throw one.reason;
      },
    },
    progress: {
      phase: (line) => this.said.push(line),
      line: (line) => this.said.push(line),
      waitingFor: () => undefined,
    },
    signal: this.interruption.signal,
    away: new Set(),
  };

  /** A store by its name in the settings. @param image @default that of the part */
  store(name: PartName, image: string = parts[name].image): Store {
    const { data } = parts[name];
    if (data === "none") throw new Error(`${name}: must keep data`);
    return {
      ...{ name, part: parts[name], data, image },
      instance: { name: `shop-${parts[name].host}`, urn: "", replicas: 1 },
    };
  }

  dataOf(name: PartName): string {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** Writes files into the data of a store. */
  write(name: PartName, files: Readonly<Record<string, string | Buffer>>): void {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.dataOf(name), path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
