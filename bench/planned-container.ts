import { randomBytes } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { PreviewResource } from "../components/testing.ts";

const planned = z.object({
  image: z.string(),
  command: z.array(z.string()),
  envs: z.array(z.string()).default([]),
  user: z.string().optional(),
  memory: z.number(),
  restart: z.string().optional(),
  uploads: z.array(z.object({ file: z.string(), content: z.unknown() })).default([]),
  volumes: z.array(z.object({ containerPath: z.string() })).default([]),
});

/** A container that a stack plans on Docker, as far as it takes to run it without Pulumi. */
export type PlannedContainer = z.output<typeof planned>;

/** @throws Error if the stack of the preview has no such container */
export function plannedContainer(resources: readonly PreviewResource[], workload: string): PlannedContainer {
  const name = `observability-${workload}`;
  const found = resources.find((one) => one.name === name && one.type.endsWith(":Container"));
  if (found === undefined) throw new Error(`${workload}: must be a container of the stack, got none`);
  return planned.parse(found.inputs);
}

/**
 * Arguments of `docker run` for a container with its files, memory, user and data, from behind the caller's own options to the
 * command. Its network and its published ports are the caller's.
 *
 * @param folder where its files are written, each time anew
 * @param volume name of each of its volumes, by its number
 */
export function runArguments(
  { image, command, envs, user, memory, uploads, volumes }: PlannedContainer,
  folder: string,
  volume: (index: number) => string,
): readonly string[] {
  const written = mkdtempSync(join(folder, "files-"));
  const files = uploads.flatMap(({ file, content }) => {
    const path = join(written, file.replaceAll("/", "_"));
    // A secret has no text in a preview.
    writeFileSync(path, typeof content === "string" ? content : randomBytes(16).toString("hex"));
    return ["--volume", `${path}:${file}:ro`];
  });
  return [
    ...["--memory", `${memory}m`, "--memory-swap", `${memory}m`],
    ...(user === undefined ? [] : ["--user", user]),
    ...envs.flatMap((env) => ["--env", env]),
    ...files,
    ...volumes.flatMap(({ containerPath }, index) => ["--volume", `${volume(index)}:${containerPath}`]),
    ...[image, ...command],
  ];
}
