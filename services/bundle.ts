import { createRequire } from "node:module";
import { build, type BuildOptions } from "esbuild";

const { resolve } = createRequire(import.meta.url);

/**
 * Bundles the services and the health check for the image. The output depends on the sources only, not on where the
 * checkout is.
 *
 * @param outdir absolute path
 */
export async function bundle(outdir: string): Promise<void> {
  const common: BuildOptions = {
    absWorkingDir: import.meta.dirname,
    outdir,
    bundle: true,
    platform: "node",
    target: "node22",
    legalComments: "none",
    // The telemetry library as it is here, not as it was built last.
    conditions: ["@observability/source", "module"],
    logLevel: "warning",
  };
  await Promise.all([
    build({
      ...common,
      entryPoints: { main: "main.ts" },
      format: "esm",
      outExtension: { ".js": ".mjs" },
      // Its ES module build asks for gRPC by a `require` that no bundler can follow; the CommonJS build does not.
      alias: { "@opentelemetry/otlp-grpc-exporter-base": resolve("@opentelemetry/otlp-grpc-exporter-base") },
      // The CommonJS packages in the bundle ask for Node's own modules with `require`.
      banner: {
        js: 'import { createRequire as bundleRequire } from "node:module"; const require = bundleRequire(import.meta.url);',
      },
    }),
    build({
      ...common,
      entryPoints: { healthcheck: "healthcheck/healthcheck.ts" },
      format: "cjs",
      outExtension: { ".js": ".cjs" },
    }),
  ]);
}
