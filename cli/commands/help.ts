import { commandLines, stackCommands } from "../command-list.ts";
import { print } from "../text.ts";

const width = Math.max(...commandLines.map(({ command }) => command.length));
for (const { command, does } of commandLines) print(`  ${command.padEnd(width)}  ${does.replaceAll("`", "")}`);
print(`\n${stackCommands.join(", ")}: -- --help has the options`);
