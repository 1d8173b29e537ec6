/** Previews a Pulumi program without an engine and prints how many resources it has. Argument: the program's file. */
import { pathToFileURL } from "node:url";
import { previewProgram } from "../components/preview/preview-program.ts";

const [program = ""] = process.argv.slice(2);
const { resources } = await previewProgram(() => import(pathToFileURL(program).href), {
  project: "observability",
  stack: "bench",
});
process.stdout.write(`${resources.length} resources\n`);
