import { runPulumi } from "../pulumi-stack.ts";
import { runCommand } from "../run-command.ts";

await runCommand(() => runPulumi(process.argv.slice(2)));
