import { createReadStream, existsSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { connect } from "node:net";
import { once } from "node:events";
import { basename, join } from "node:path";
import type { Duplex } from "node:stream";
import { codeOf } from "../errors.ts";
import { programLanguage } from "./program.ts";
import type { Language } from "./sdks.ts";
import { languageOf, pairOf, telemetryVariables, type ServiceProcess } from "./service-process.ts";

/** What Linux tells of processes. */
const processes = "/proc";

/** Whether processes of this machine can be looked at: their environment is in files on Linux only. */
export function canSeeProcesses(folder = processes): boolean {
  return existsSync(join(folder, "self", "environ"));
}

/**
 * The processes of this machine that the user may look at and that are no container's, if they have a variable of
 * OpenTelemetry's or run in a known runtime.
 *
 * @param published addresses of the Collector on this machine
 */
export function hostProcesses(published: ServiceProcess["collector"], folder = processes): readonly ServiceProcess[] {
  if (!canSeeProcesses(folder)) return [];
  const ours = readlinkSync(join(folder, "self", "ns", "pid"));
  const asking = new Set(ancestors(folder, "self"));
  return readdirSync(folder)
    .filter((name) => /^\d+$/.test(name) && !asking.has(name))
    .flatMap((pid) => {
      const at = join(folder, pid);
      try {
        if (readlinkSync(join(at, "ns", "pid")) !== ours) return [];
        const found = hostProcess(at, pid, published);
        const isOfInterest = Object.keys(found.env).some((name) => name.startsWith("OTEL_"));
        return isOfInterest || languageOf(found) !== undefined ? [found] : [];
      } catch (error) {
        if (isGone(error)) return [];
        throw error;
      }
    });
}

/** A process and those that have started it: the command that asks has the name of the service in its arguments. */
function ancestors(folder: string, pid: string): readonly string[] {
  const status = readFileSync(join(folder, pid, "status"), "utf8");
  const [, own = "", parent = "0"] = /^Pid:\s*(\d+)[\s\S]*?^PPid:\s*(\d+)/m.exec(status) ?? [];
  return parent === "0" || !existsSync(join(folder, parent)) ? [own] : [own, ...ancestors(folder, parent)];
}

function hostProcess(at: string, pid: string, published: ServiceProcess["collector"]): ServiceProcess {
  const command = parts(join(at, "cmdline"));
  const programs = command.filter((argument) => !argument.startsWith("-")).map((argument) => basename(argument));
  return {
    name: `process ${pid}`,
    aliases: [basename(readlinkSync(join(at, "cwd"))), ...programs],
    state: "running",
    isRunning: true,
    startedMillis: statSync(at).ctimeMs,
    env: telemetryVariables(parts(join(at, "environ")).map(pairOf)),
    hiddenEnv: {},
    command,
    languageInside: () => languageOfFile(join(at, "exe")),
    hasOwnLocalhost: false,
    apart: undefined,
    collector: published,
    connection: () => Promise.resolve(connectHere),
    lastLines: () => Promise.resolve(""),
  };
}

async function languageOfFile(file: string): Promise<Language | undefined> {
  try {
    return await programLanguage(createReadStream(file));
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function connectHere(host: string, port: number): Promise<Duplex> {
  const socket = connect(port, host);
  await once(socket, "connect");
  return socket;
}

/** The texts in a file that ends each by a null byte. */
function parts(file: string): readonly string[] {
  return readFileSync(file, "utf8").split("\0").slice(0, -1);
}

/** It has ended meanwhile, or is another user's. */
function isGone(error: unknown): boolean {
  return ["ENOENT", "ESRCH", "EACCES", "EPERM"].some((code) => code === codeOf(error));
}
