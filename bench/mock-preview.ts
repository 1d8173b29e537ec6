/** Runs a Pulumi program against mocks and prints how many resources it registers. Argument: the program's file. */
import { pathToFileURL } from "node:url";
import { recordResources } from "../test/support/record-resources.ts";

const [program = ""] = process.argv.slice(2);
const resources = await recordResources(() => import(pathToFileURL(program).href));
process.stdout.write(`${resources.length} resources\n`);
