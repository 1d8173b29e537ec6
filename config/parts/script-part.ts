import { nodeScript } from "../node-script.ts";
import { nodeImage, type PartProcess } from "./part.ts";

/** Where the scripts are in their containers. */
export const scriptFolder = "/opt";

/** What parts have in common that are a script of this repository, run in the image of Node.js as it is. */
export const scriptPart = {
  image: nodeImage,
  runtime: "nodejs",
  memoryMib: { minimum: 48, default: 64 },
  data: "none",
  configuredBy: "env",
  // The user node of the image.
  user: { userId: 1000, groupId: 1000 },
  stopGraceSeconds: 10,
  // Each time would be a whole Node.js.
  readiness: { port: "health", httpPath: "/", selfCheck: "none", startPeriodSeconds: 10, gates: false },
} as const;

/** How a script is started, and its files. */
export function scriptProcess(
  name: Parameters<typeof nodeScript>[1],
  memoryMib: number,
): Pick<PartProcess, "args" | "configFiles"> {
  return {
    // Of the rest, most is Node.js itself.
    args: ["node", `--max-old-space-size=${Math.floor(memoryMib / 4)}`, `${scriptFolder}/${name}/main.mjs`],
    configFiles: nodeScript(scriptFolder, name),
  };
}
