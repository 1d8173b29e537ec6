import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { z } from "zod";

/** A SHA-256, hexadecimal, as the manifest of a bundle or of a backup has it. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/** The SHA-256 of a file, hexadecimal. @param signal ends it */
export async function sha256Of(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash, { ...(signal ? { signal } : {}) });
  return hash.digest("hex");
}
