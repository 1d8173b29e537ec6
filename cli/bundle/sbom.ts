import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import type { Plugin } from "../plugins.ts";
import { projectFolder } from "../project.ts";
import type { BundledImage } from "./format.ts";

const execute = promisify(execFile);

const billOfNpm = z.looseObject({ components: z.array(z.looseObject({ "bom-ref": z.string() })) });

/** What else is in a bundle. */
interface Others {
  readonly images: readonly BundledImage[];
  /** Version of the Pulumi CLI. */
  readonly cli: string;
  readonly plugins: readonly Plugin[];
}

/**
 * The bill of materials of a bundle, in CycloneDX 1.5: npm's own of this project, the images, and Pulumi's programs.
 *
 * @throws Error if npm cannot make it.
 */
export async function billOfMaterials({ images, cli, plugins }: Others): Promise<string> {
  // npm refuses a tree whose peers do not fit each other's ranges, and installs it.
  const args = ["sbom", "--sbom-format", "cyclonedx", "--legacy-peer-deps"];
  const { stdout } = await execute("npm", args, { cwd: projectFolder, maxBuffer: 64 * 1024 * 1024 });
  const bill = billOfNpm.parse(JSON.parse(stdout));
  const programs = [
    { name: "pulumi", version: cli },
    ...plugins.map(({ name, version }) => ({ name: `pulumi-resource-${name}`, version })),
  ];
  const further = [
    ...images.map(({ reference, id }) => ({
      "bom-ref": reference,
      type: "container",
      name: reference,
      hashes: [{ alg: "SHA-256", content: id.replace(/^sha256:/, "") }],
    })),
    ...programs.map(({ name, version }) => ({ "bom-ref": `${name}@${version}`, type: "application", name, version })),
  ];
  return JSON.stringify({ ...bill, components: [...bill.components, ...further] }, null, 2);
}
