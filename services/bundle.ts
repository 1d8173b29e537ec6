import { createRequire } from "node:module";
import { build, type BuildOptions } from "esbuild";

const { resolve } = createRequire(import.meta.url);

const common = {
  bundle: true,
  platform: "node",
  target: "node22",
  legalComments: "none",
  // The telemetry library as it is here, not as it was built last.
  conditions: ["@observability/source", "module"],
  logLevel: "warning",
} satisfies BuildOptions;

/** Packages whose ES module build asks for others by a `require` that no bundler can follow; the CommonJS build does not. */
const commonJsOnly = ["@opentelemetry/instrumentation-http", "@opentelemetry/otlp-grpc-exporter-base"];

/** How a program that uses the telemetry library becomes one ES module which needs no `node_modules`. */
export const programBundle = {
  ...common,
  format: "esm",
  alias: Object.fromEntries(commonJsOnly.map((name) => [name, resolve(name)])),
  // The CommonJS packages in the bundle ask for Node's own modules with `require`.
  banner: {
    js: 'import { createRequire as bundleRequire } from "node:module"; const require = bundleRequire(import.meta.url);',
  },
} satisfies BuildOptions;

/**
 * Bundles the services and the health check for the image. The output depends on the sources only, not on where the
 * checkout is.
 *
 * @param outdir absolute path
 */
export async function bundle(outdir: string): Promise<void> {
  const place = { absWorkingDir: import.meta.dirname, outdir };
  await Promise.all([
    build({ ...programBundle, ...place, entryPoints: { main: "main.ts" }, outExtension: { ".js": ".mjs" } }),
    build({
      ...common,
      ...place,
      entryPoints: { healthcheck: "healthcheck/healthcheck.ts" },
      format: "cjs",
      outExtension: { ".js": ".cjs" },
    }),
  ]);
}
