import { runPulumi } from "../pulumi-stack.ts";
import { runCommand } from "../user-error.ts";

await runCommand(() => runPulumi(process.argv.slice(2)));
