import { once } from "node:events";
import { createReadStream, mkdirSync } from "node:fs";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import type { ErrorCode } from "../../config/error-codes.ts";
import type { Docker } from "../docker/docker.ts";
import { codeOf, messageOf } from "../errors.ts";
import { pulumiHome } from "../plugins.ts";
import type { Say } from "../target.ts";
import { firstLine, oneLine } from "../text.ts";
import { UserError } from "../user-error.ts";
import { manifestSchema, members, thisPlatform, type BundleManifest } from "./format.ts";
import { furtherReferences, missingImages } from "./images.ts";
import { missingPrograms, ProgramInstallation } from "./programs.ts";

/** A bundle that `npm run bundle` has written, from which a machine gets what it cannot download. */
export class Bundle {
  private readonly file: string;
  private readonly manifest: BundleManifest;

  private constructor(file: string, manifest: BundleManifest) {
    this.file = file;
    this.manifest = manifest;
  }

  /** @throws UserError if the file is no bundle, or is one for another kind of machine. */
  static async open(file: string): Promise<Bundle> {
    let manifest: BundleManifest | undefined;
    try {
      await eachMember(file, async (name, entry) => {
        // It is the first, and whatever else begins an archive is none of ours.
        if (name === members.manifest) manifest = manifestSchema.parse(JSON.parse(await text(entry)));
        return false;
      });
    } catch (error) {
      const why = firstLine(codeOf(error) === "ENOENT" ? "no such file" : messageOf(error));
      throw refusedBundle("OBS1601", file, `must be one that npm run bundle has written, got: ${why}`, error);
    }
    if (manifest === undefined)
      throw refusedBundle("OBS1601", file, "must be one that npm run bundle has written, got another file");
    const { platform } = manifest;
    if (platform === thisPlatform) return new Bundle(file, manifest);
    throw refusedBundle("OBS1601", file, `must be for ${thisPlatform}, as this machine is, got one for ${platform}`);
  }

  /** Puts the Pulumi CLI and its plugins, as far as they are missing, where Pulumi looks for them. */
  async bringPrograms(say: Say): Promise<void> {
    const home = pulumiHome();
    const missing = missingPrograms(this.manifest.programs, home);
    if (missing.length === 0) return;
    say(`taking the Pulumi CLI and its plugins out of ${this.file}`);
    const installation = new ProgramInstallation(home, missing);
    try {
      mkdirSync(home, { recursive: true });
      await eachMember(this.file, async (name, entry) => {
        const path = name.slice(members.programs.length);
        if (name.startsWith(members.programs) && installation.wants(path)) await installation.take(path, entry);
        return name !== members.images;
      });
      installation.finish();
    } catch (error) {
      throw refusedBundle(
        "OBS1602",
        this.file,
        `must be whole, and there must be room for it, got: ${messageOf(error)}`,
        error,
      );
    } finally {
      installation.abandon();
    }
  }

  /**
   * Lets Docker have the images, as far as they are missing, by the names that the program has for them.
   *
   * @param needed references of the program
   * @param imageRegistry the setting
   */
  async bringImages(docker: Docker, needed: readonly string[], imageRegistry: string, say: Say): Promise<void> {
    const { images } = this.manifest;
    const missing = await missingImages(docker, images);
    if (missing.length > 0) {
      say(`loading ${images.length} image(s) out of ${this.file}`);
      await this.loadImages(docker);
      const wrong = await missingImages(docker, images);
      if (wrong.length > 0) {
        const names = wrong.map(({ reference, id }) => `${reference} (${id})`).join(", ");
        throw refusedBundle(
          "OBS1602",
          this.file,
          `must have the images that it lists, got others or none for ${names}`,
        );
      }
    }
    const further = furtherReferences(images, needed, imageRegistry);
    for (const { from, to } of further) await docker.run(["image", "tag", from, to]);
    const known = new Set([...images.map(({ reference }) => reference), ...further.map(({ to }) => to)]);
    const others = needed.filter((reference) => !known.has(reference));
    if (others.length > 0) say(`not in the bundle, so it has to be here or in a registry: ${others.join(", ")}`);
  }

  private async loadImages(docker: Docker): Promise<void> {
    try {
      await eachMember(this.file, async (name, entry) => {
        if (name === members.images) await load(docker, entry);
        return name !== members.images;
      });
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw refusedBundle("OBS1602", this.file, `must be whole, got: ${messageOf(error)}`, error);
    }
  }
}

/** Hands an image archive to `docker load`. @throws UserError with what Docker says of it */
async function load(docker: Docker, archive: Readable): Promise<void> {
  const child = docker.start(["image", "load", "--quiet"]);
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
  child.stdout.resume();
  const ended = once(child, "close");
  // Docker may end before it has read all: what it says then is the better reason.
  const [fed] = await Promise.allSettled([pipeline(archive, child.stdin)]);
  const [code] = (await ended) as [number | null];
  if (code !== 0) {
    throw new UserError(
      "OBS1206",
      `docker image load: must succeed, got: ${oneLine(said)}\n  next: solve what it says, then npm run up -- --bundle FILE`,
    );
  }
  if (fed.status === "rejected") throw fed.reason;
}

/**
 * Goes through an archive.
 *
 * @param action is given each member, and says whether there are others to look at
 */
async function eachMember(file: string, action: (name: string, content: Readable) => Promise<boolean>): Promise<void> {
  const archive = extract();
  const source = createReadStream(file, { highWaterMark: 1024 * 1024 });
  source.on("error", (error) => {
    archive.destroy(error);
  });
  source.pipe(archive);
  try {
    for await (const entry of archive) {
      const goesOn = await action(entry.header.name, Readable.from(entry));
      if (!goesOn) return;
      // What was read already has nothing left.
      entry.resume();
    }
  } finally {
    source.destroy();
  }
}

function refusedBundle(code: ErrorCode, file: string, problem: string, cause?: unknown): UserError {
  return new UserError(
    code,
    `--bundle ${file}: ${problem}\nnothing was deployed\n  next: copy it again and compare its SHA-256 with what npm run bundle has printed, or make another one`,
    { cause },
  );
}
