import { startTelemetry } from "./start-telemetry.ts";

/*
 * What `node --import @observability/telemetry/register app.js` and `--require` load: starts the telemetry of a program
 * that knows nothing of it. A program that has its own telemetry goes on without, whatever goes wrong here.
 */
try {
  startTelemetry();
} catch (error) {
  process.stderr.write(
    `telemetry: could not be started, the program goes on without: ${error instanceof Error ? error.message : String(error)}\n`,
  );
}
