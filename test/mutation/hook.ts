import { registerHooks } from "node:module";
import { apply, edits, mutantVariable, type Mutant } from "./mutants.ts";

/** Loaded with `--import`: changes the source of a platform, as the mutant in the environment says. */
const text = process.env[mutantVariable];

if (text !== undefined) {
  const changes = edits(JSON.parse(text) as Mutant);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const mine = changes.filter(({ file }) => url.endsWith(`/components/platform/${file}`));
      if (mine.length === 0) return loaded;
      const { source } = loaded;
      const code = typeof source === "string" ? source : Buffer.from(source as Uint8Array).toString("utf8");
      return { ...loaded, source: mine.reduce(apply, code) };
    },
  });
}
