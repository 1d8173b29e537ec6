import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { programBundle } from "../../../../services/bundle.ts";
import type { AllCounts } from "../../src/delivery/delivery.ts";

describe("a service in a container of 128 MiB", () => {
  const folder = mkdtempSync(join(tmpdir(), "telemetry-container-"));

  // As a service is built: stripping types alone takes 40 MiB.
  before(async () => {
    await build({
      ...programBundle,
      entryPoints: [join(import.meta.dirname, "../fixtures/fills-its-memory.ts")],
      outfile: join(folder, "main.mjs"),
    });
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const protocol of ["grpc", "http/protobuf"]) {
    it(`lives although it writes more than that while nobody takes it, over ${protocol}`, async () => {
      const env = {
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_BLRP_MAX_QUEUE_SIZE: "16384",
        OTEL_BSP_MAX_QUEUE_SIZE: "16384",
      };
      const child = spawn(
        "docker",
        [
          ...["run", "--rm", "--network", "none", "--memory", "128m", "--memory-swap", "128m", "--log-driver", "none"],
          ...["--volume", `${folder}:/app:ro`],
          ...Object.entries(env).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
          ...[process.env["E2E_NODE_IMAGE"] ?? "node:22.23.2-bookworm-slim", "node", "/app/main.mjs"],
        ],
        { stdio: ["ignore", "ignore", "pipe"] },
      );
      let stderr = "";
      child.stderr.on("data", (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      const [exitCode] = (await once(child, "close")) as [number | null];
      assert.equal(exitCode, 0, stderr);
      const result = stderr.split("\n").find((line) => line.startsWith("{"));
      const { counts } = JSON.parse(result ?? "") as { readonly counts: AllCounts };
      // A 16th of 128 MiB for lines of 8 kB, and a 32nd for spans of 1 kB, each with what it costs besides.
      assert.equal(counts.logs.waiting > 900 && counts.logs.waiting < 1024, true, stderr);
      assert.equal(counts.spans.waiting > 2500 && counts.spans.waiting < 4096, true, stderr);
      for (const { written, waiting, delivered, lost } of [counts.logs, counts.spans]) {
        assert.deepEqual([written, delivered, waiting + lost.queue_full], [16_384, 0, 16_384]);
      }
    });
  }
});
