import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pythonImage } from "./images.ts";
import { succeed } from "./run.ts";

/** A service of Flask. It does not know of telemetry; `instrumentation.txt` is what is mounted into it. */
const fixture = join(import.meta.dirname, "..", "fixtures", "flask-service");

/** Python whose machine code the image of OpenTelemetry's operator has, whatever the Python of the service is. */
const operatorPython = "3.14";

/** Reference of the image that {@link buildPythonInstrumentation} builds for a workspace, which removes it at its end. */
export function pythonInstrumentation(workspaceName: string): string {
  return `${workspaceName}-python-instrumentation:1`;
}

/** Makes the folder that the service is built from. */
export async function flaskService(folder: string): Promise<void> {
  cpSync(fixture, folder, { recursive: true });
  await pip("requirements.txt", join(folder, "packages"));
}

/** Builds an image as OpenTelemetry's operator does (github.com/open-telemetry/opentelemetry-operator, autoinstrumentation/python). */
export async function buildPythonInstrumentation(reference: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "observability-python-"));
  try {
    const foreign = ["--only-binary", ":all:", "--python-version", operatorPython];
    await pip("instrumentation.txt", join(folder, "packages"), ...foreign);
    writeFileSync(join(folder, "Dockerfile"), `FROM ${pythonImage}\nCOPY packages/ /autoinstrumentation/\n`);
    await succeed("docker", ["build", "--quiet", "--tag", reference, folder]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Every package is named in the file, in a version that was tried: pip looks for no other. */
async function pip(requirements: string, target: string, ...options: readonly string[]): Promise<void> {
  await succeed("python3", [
    ...["-m", "pip", "install", "--quiet", "--no-deps", "--target", target],
    ...[...options, "--requirement", join(fixture, requirements)],
  ]);
}
