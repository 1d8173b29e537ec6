import { createRequire, isBuiltin, register, registerHooks } from "node:module";
import type * as Instrumentation from "@opentelemetry/instrumentation";

const require = createRequire(import.meta.url);

/** What this file needs of `import-in-the-middle`, which has no types for these two files. */
interface SyncSupport {
  readonly supportsSyncHooks: () => boolean;
}
interface SyncHooks {
  register(options: { readonly include: readonly (string | RegExp)[] }): void;
}

/**
 * Calls back, once a name, before one of these npm packages is loaded for the first time, whether it is imported or
 * required.
 */
export function beforeFirstUse(names: ReadonlySet<string>, callback: (name: string) => void): void {
  const waiting = new Set(names);
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const name = packageNameOf(specifier);
      // Taken off first: what the callback loads comes through here as well.
      if (name !== undefined && waiting.delete(name)) callback(name);
      return nextResolve(specifier, context);
    },
  });
}

/** `@scope/name` or `name` of a specifier such as `name/lib/file.js`; nothing for paths, URLs and `node:` modules. */
export function packageNameOf(specifier: string): string | undefined {
  return /^(?:@[^/@:\\]+\/)?[^./@:\\][^/:\\]*/.exec(specifier.includes(":") ? "" : specifier)?.[0];
}

/**
 * Lets instrumentations change ES modules of these npm packages. Other modules are loaded as if nothing was there.
 *
 * @param names of packages, all files of which are opened
 * @param entries names of packages of which only what is imported by this name is
 *
 * Node.js does it in the thread of the program from 22.22.3 and 24.11.1 on, and in a thread of its own before.
 */
export function openEsModules(names: Iterable<string>, entries: readonly string[]): void {
  // In a bundle the modules are inside, where nothing can be changed.
  if (!isInstalled("import-in-the-middle")) return;
  const packages = [...new Set(names)].filter((name) => !isBuiltin(name));
  const folders = packages.map((name) => name.replaceAll(".", "\\.")).join("|");
  const include = [...packages, ...entries, new RegExp(`/node_modules/(?:${folders})/`)];
  const { supportsSyncHooks } = require("import-in-the-middle/supports-sync-hooks.mjs") as SyncSupport;
  if (supportsSyncHooks()) {
    (require("import-in-the-middle/register-hooks.mjs") as SyncHooks).register({ include });
  } else {
    register("import-in-the-middle/hook.mjs", import.meta.url, { data: { include } });
  }
}

/**
 * Lets instrumentations change CommonJS modules. They are loaded by `require`, and get OpenTelemetry's package in its form
 * for CommonJS, which hooks into `require` when the first of them is made. That is within the very `require` of the module
 * that it is for, which the hook would miss. In the built package there is no other form, and the hook is there already.
 */
export function openCommonJs(): void {
  if (!isInstalled("@opentelemetry/instrumentation")) return;
  const { InstrumentationBase } = require("@opentelemetry/instrumentation") as typeof Instrumentation;
  new (class extends InstrumentationBase {
    protected init(): [] {
      return [];
    }
  })("@observability/telemetry", "1", { enabled: false });
}

function isInstalled(name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}
