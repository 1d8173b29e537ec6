import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { create, replace } from "tar";
import type { Docker } from "../docker/docker.ts";
import type { Progress } from "../progress.ts";
import { sha256Of } from "../sha256.ts";
import { members, type BundledImage, type BundleManifest } from "./format.ts";
import type { ProgramSource } from "./programs.ts";

/** What goes into a bundle. */
export interface BundleContent {
  readonly platform: string;
  readonly images: readonly BundledImage[];
  readonly programs: readonly ProgramSource[];
  readonly sbom: string;
  /** A folder, and what of it belongs to the project, relative to it. */
  readonly project: { readonly folder: string; readonly files: readonly string[] };
}

/**
 * Writes a bundle: what `npm run up -- --bundle` needs in front, since an archive is read from its beginning, and then the
 * project. The file is there when all of it is, and nothing else is left, whatever keeps it from being written.
 *
 * @param signal ends it
 * @returns how big it is, in bytes, and its SHA-256.
 */
export async function writeBundle(
  file: string,
  { platform, images, programs, sbom, project }: BundleContent,
  docker: Pick<Docker, "run">,
  progress: Progress,
  signal: AbortSignal,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  // Beside the file: what can hold it can hold this, and no other disk has to.
  const staging = mkdtempSync(join(dirname(resolve(file)), ".bundle-"));
  const part = join(staging, "bundle.tar");
  const put = (name: string): string => {
    const path = join(staging, name);
    mkdirSync(dirname(path), { recursive: true });
    return path;
  };
  try {
    const manifest: BundleManifest = {
      format: 1,
      platform,
      images: [...images],
      programs: programs.map(({ path, sha256, mode }) => ({ path, sha256, mode })),
    };
    writeFileSync(put(members.manifest), JSON.stringify(manifest, null, 2));
    writeFileSync(put(members.sbom), sbom);
    progress.phase(`saving ${images.length} image(s)`);
    const references = images.map(({ reference }) => reference);
    await docker.run(["image", "save", "--output", put(members.images), ...references], { signal });
    progress.phase("writing the archive");
    for (const { file: source, path } of programs) symlinkSync(source, put(`${members.programs}${path}`));
    const inFront = [members.manifest, members.sbom, ...programs.map(({ path }) => `${members.programs}${path}`)];
    // An archive that is begun cannot be ended, but one of nothing more soon has its end.
    const filter = (): boolean => !signal.aborted;
    await create({ file: part, cwd: staging, portable: true, follow: true, filter }, [...inFront, members.images]);
    await replace({ file: part, cwd: project.folder, prefix: members.project, portable: true, filter }, [
      ...project.files,
    ]);
    signal.throwIfAborted();
    progress.phase("taking its checksum");
    const sha256 = await sha256Of(part);
    signal.throwIfAborted();
    renameSync(part, file);
    return { bytes: statSync(file).size, sha256 };
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}
