import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultImages } from "../../../config/resolve-images.ts";
import type { ServiceInput } from "../../../config/service-args.ts";
import { testedImages } from "./images.ts";

/** Copies a service of `test/e2e/fixtures` to a folder, from where it is built upon the Node.js of the tests. */
export function copyService(fixture: "own-service" | "plain-service", folder: string): void {
  cpSync(join(import.meta.dirname, "..", "fixtures", fixture), folder, { recursive: true });
  const dockerfile = join(folder, "Dockerfile");
  writeFileSync(dockerfile, readFileSync(dockerfile, "utf8").replace(defaultImages.node, testedImages.node));
}

/** The service of Node.js that knows nothing of telemetry, instrumented from outside, built from a folder. */
export function plainService(context: string): ServiceInput {
  return {
    build: { context },
    instrument: "nodejs",
    env: { NODE_OPTIONS: "--max-old-space-size=64" },
    ports: [{ name: "http", port: 8080 }],
  };
}

/** A directory for a service that is kept, and a step that leaves a line in it. */
export function withStep(): Pick<ServiceInput, "volumes" | "initSteps"> {
  const write = `require("node:fs").writeFileSync("${stepFile}", process.env.LINE)`;
  return {
    volumes: { notes: { path: "/var/lib/notes", sizeMib: 16 } },
    initSteps: [{ name: "note", image: testedImages.node, command: ["node", "-e", write], env: { LINE: stepLine } }],
  };
}

/** What that step writes, and where. */
export const stepLine = "$(HOME) was here";
export const stepFile = "/var/lib/notes/steps";

/** A service as a line at the end of the program, with one secret that is an output of another resource. */
export function serviceStatement(name: string, args: ServiceInput): string {
  const secretEnv = `{ ${secretOfService.name}: stack.grafanaPassword }`;
  return `new InstrumentedService("${name}", { stack, secretEnv: ${secretEnv}, ...${JSON.stringify(args)} });\n`;
}

/** The secret of each such service, which is Grafana's password. */
export const secretOfService = { name: "SHOWN_TO_NOBODY", path: "/run/secrets/SHOWN_TO_NOBODY" } as const;
