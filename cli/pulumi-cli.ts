import {
  chmodSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { PulumiCommand } from "@pulumi/pulumi/automation/index.js";
import { extract } from "tar-stream";
import { z } from "zod";
import { download } from "./download.ts";
import { codeOf, messageOf, whyNotReached } from "./errors.ts";
import { atLeast } from "./machine.ts";
import { Progress } from "./progress.ts";
import { firstLine } from "./text.ts";
import { UserError } from "./user-error.ts";

/** First Pulumi CLI that reads every flag of a command from the environment, as the documented set-up does. */
const oldestPulumi = [3, 208] as const;

/** The same for the user to read. */
export const wantedPulumi = `${oldestPulumi.join(".")} or newer`;

/** Where Pulumi publishes its releases, each with a file of checksums. Its installer and its npm package take them from there. */
const releases = "https://get.pulumi.com/releases/sdk";

/** How Pulumi calls the systems and processors that it has archives for. Windows has zip files, which are not read here. */
const systems: Readonly<Partial<Record<NodeJS.Platform, string>>> = { linux: "linux", darwin: "darwin" };
const processors: Readonly<Partial<Record<NodeJS.Architecture, string>>> = { x64: "x64", arm64: "arm64" };

const packaged = createRequire(import.meta.url);

/** The version that this project is pinned to: that of the npm package `pulumi`, which is the CLI's. */
export const { version: pinnedPulumi } = z.object({ version: z.string() }).parse(packaged("pulumi/package.json"));

type CacheDir = (version: string) => string;

/** Where that package, and `npx pulumi`, have a version: in `PULUMI_HOME/versions`, which the Automation API's own installation shares. */
const { cacheDir } = z
  .object({ cacheDir: z.custom<CacheDir>((value) => typeof value === "function") })
  .parse(packaged("pulumi/lib/cache.js"));

/** Prints for the user beside what a command prints for other programs. */
function printAside(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A CLI that was chosen, for the PATH on which `pulumi` is this one. */
let chosen: { readonly path: string; readonly command: PulumiCommand } | undefined;

function choose(command: PulumiCommand): PulumiCommand {
  chosen = { path: process.env["PATH"] ?? "", command };
  return command;
}

/** The CLI that is to be used, as far as it is on this machine. */
interface FoundPulumi {
  /** `undefined` if it has to be downloaded. */
  readonly command?: PulumiCommand;
  /** What the PATH has, for the user to read. */
  readonly onPath: string;
}

/** What {@link pulumiCli} would use, without downloading it. @throws UserError if a CLI is there that does not answer */
export async function findPulumi(): Promise<FoundPulumi> {
  process.env["PATH"] = withoutPackageFolders(process.env["PATH"] ?? "");
  const { PATH: path } = process.env;
  if (chosen !== undefined && chosen.path === path) return { command: chosen.command, onPath: "" };
  const found = isOnPath("pulumi") ? await answering("pulumi") : undefined;
  if (found !== undefined && isNewEnough(found)) return { command: choose(found), onPath: versionOf(found) };
  const onPath = `${found === undefined ? "none" : versionOf(found)} on the PATH`;
  const root = [pinnedPulumi, ...otherVersions()].map(cacheDir).find((each) => isProgram(join(each, "bin", "pulumi")));
  return root === undefined ? { onPath } : { command: await installed(root), onPath };
}

/** The other versions that are kept where the pinned one would be, as far as they are new enough; a bundle may bring one. */
function otherVersions(): readonly string[] {
  const folder = dirname(cacheDir(pinnedPulumi));
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((version) => /^\d+\.\d+\.\d+$/.test(version) && atLeast(version, oldestPulumi));
}

/** Uses the CLI of an installation, for everything that this process starts. */
async function installed(root: string): Promise<PulumiCommand> {
  const bin = join(root, "bin");
  const command = await answering(join(bin, "pulumi"), root);
  process.env["PATH"] = [bin, process.env["PATH"]].join(delimiter);
  return choose(command);
}

/**
 * The Pulumi CLI: the one on the PATH if it is new enough, else that of the npm package `pulumi`, which is downloaded at the
 * first use. From here on `pulumi` is this one for everything that this process starts.
 *
 * @param given is told what is downloaded @default one that prints on standard error
 * @param from address of the releases
 * @throws UserError that says what is missing and what to do.
 */
export async function pulumiCli(given?: Progress, from = releases): Promise<PulumiCommand> {
  const { command, onPath } = await findPulumi();
  if (command !== undefined) return command;
  const progress = given ?? new Progress(printAside);
  try {
    const root = cacheDir(pinnedPulumi);
    await install(root, { progress, from });
    return await installed(root);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      isDiskFull(error) ? "OBS1105" : "OBS1102",
      `pulumi: must be on the PATH, ${wantedPulumi}, or be downloaded from ${from}, got ${onPath}, and: ${whyNot(error)}\n` +
        `  next: ${nextOf(error)}; or install the Pulumi CLI yourself (https://www.pulumi.com/docs/iac/download-install/), then npm run up`,
      { cause: error },
    );
  } finally {
    if (given === undefined) progress.stop();
  }
}

/** Version of a CLI: `3.265.0`. */
export function versionOf({ version }: PulumiCommand): string {
  return version?.version ?? "an unknown version";
}

function isNewEnough(command: PulumiCommand): boolean {
  return atLeast(versionOf(command), oldestPulumi);
}

/**
 * npm puts folders with the programs of packages in front of the PATH, and there `pulumi` is that of the npm package. In
 * their place comes the folder of the Node.js that runs this, which is all that is needed of them.
 */
function withoutPackageFolders(path: string): string {
  const folders = path.split(delimiter).map((folder) => {
    return /[\\/]node_modules[\\/]\.bin[\\/]?$/.test(folder) ? dirname(process.execPath) : folder;
  });
  return [...new Set(folders)].join(delimiter);
}

function isOnPath(command: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => isProgram(join(folder, command)));
}

/** Whether there is something to run. An installation that was cut off can have left an empty file. */
function isProgram(file: string): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return found?.isFile() === true && found.size > 0 && (found.mode & 0o111) !== 0;
}

/** Asks a CLI for its version. @param root folder of its installation; the one on the PATH if left out */
async function answering(what: string, root?: string): Promise<PulumiCommand> {
  try {
    return await PulumiCommand.get({ skipVersionCheck: true, ...(root === undefined ? {} : { root }) });
  } catch (error) {
    throw new UserError(
      "OBS1102",
      `${what}: must answer \`pulumi version\`, got: ${firstLine(messageOf(error))}\n` +
        "  next: remove it, then npm run up; or install the Pulumi CLI (https://www.pulumi.com/docs/iac/download-install/)",
      { cause: error },
    );
  }
}

function isDiskFull(error: unknown): boolean {
  return codeOf(error) === "ENOSPC";
}

function whyNot(error: unknown): string {
  if (isDiskFull(error)) return "the disk is full";
  // What `fetch` throws if there is no answer; other errors have a cause as well, and say themselves what it led to.
  return firstLine(error instanceof TypeError ? whyNotReached(error) : messageOf(error));
}

function nextOf(error: unknown): string {
  if (isDiskFull(error)) return "make room, then npm run up";
  const { HTTPS_PROXY: proxy = process.env["https_proxy"], NODE_USE_ENV_PROXY: isUsed } = process.env;
  // Node.js looks at no proxy by itself.
  return proxy !== undefined && isUsed === undefined
    ? "NODE_USE_ENV_PROXY=1 npm run up, which goes by the proxy that HTTPS_PROXY names"
    : "connect this machine to that, then npm run up, which goes on where it was cut off";
}

interface Source {
  readonly progress: Progress;
  /** Address of the releases. */
  readonly from: string;
}

/** Downloads the pinned version, checks it by its published checksum and unpacks it to `root`; see docs/decisions. */
async function install(root: string, { progress, from }: Source): Promise<void> {
  const system = systems[process.platform];
  const processor = processors[process.arch];
  if (system === undefined || processor === undefined) {
    throw new Error(`there is none to download for ${process.platform} on ${process.arch}`);
  }
  // Whether it can be kept is known without a network.
  mkdirSync(dirname(root), { recursive: true });
  const archive = `pulumi-v${pinnedPulumi}-${system}-${processor}.tar.gz`;
  const sha256 = await checksum(`${from}/pulumi-${pinnedPulumi}-checksums.txt`, archive);
  const file = join(dirname(root), archive);
  await download({ url: `${from}/${archive}`, file, sha256 }, progress);
  progress.phase(`unpacking it to ${root}`);
  await unpack(file, root);
  rmSync(file);
}

/** The SHA-256 of a file as a list has it whose lines are those of `sha256sum`. */
async function checksum(url: string, file: string): Promise<string> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  const lines = (await answer.text()).split("\n").map((line) => /^([0-9a-f]{64})\s+\*?(\S+)$/.exec(line.trim()));
  const sha256 = lines.find((line) => line?.[2] === file)?.[1];
  if (sha256 === undefined) throw new Error(`${url} has no checksum of ${file}`);
  return sha256;
}

/** Puts the programs of an archive into `root/bin`, all of them or none. */
async function unpack(file: string, root: string): Promise<void> {
  const unfinished = `${root}.${process.pid}`;
  const bin = join(unfinished, "bin");
  mkdirSync(bin, { recursive: true });
  try {
    const archive = extract();
    const programs = async (): Promise<void> => {
      for await (const entry of archive) {
        const name = /^pulumi\/(?:bin\/)?([\w.-]*\w)$/.exec(entry.header.name)?.[1];
        if (entry.header.type !== "file" || name === undefined) {
          entry.resume();
          continue;
        }
        await pipeline(entry, createWriteStream(join(bin, name)));
        chmodSync(join(bin, name), 0o755);
      }
    };
    await Promise.all([pipeline(createReadStream(file), createGunzip(), archive), programs()]);
    // What is there is no working installation, or this would not be asked for.
    rmSync(root, { recursive: true, force: true });
    renameSync(unfinished, root);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
