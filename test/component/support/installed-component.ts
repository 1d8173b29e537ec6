import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { usersFolder, type UsersFolder } from "../../../packages/stack/test/support/packed-stack.ts";

/** Folder of the component. */
export const componentFolder = join(import.meta.dirname, "../../../packages/component");

/** Has Pulumi infer the schema as its host does: by the name alone, from the types. */
const inference = `
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const { ComponentProvider } = require("@pulumi/pulumi/provider/experimental/provider.js");
class Stack {}
const { name } = require("./package.json");
const provider = new ComponentProvider({ components: [Stack], dirname: import.meta.dirname, name });
process.stdout.write(await provider.getSchema());
`;

/** The component where it is installed: in a folder outside of the repository, with the package that `npm pack` makes. */
export function installedComponent(): UsersFolder {
  const installed = usersFolder(componentFolder);
  writeFileSync(join(installed.path, "infer.mjs"), inference);
  return installed;
}

/** The schema that Pulumi infers for programs in other languages. */
export function inferredSchema({ path }: Pick<UsersFolder, "path">): unknown {
  return JSON.parse(execFileSync(process.execPath, ["infer.mjs"], { cwd: path, encoding: "utf8" }));
}
