/*
 * What NODE_OPTIONS loads into a Node.js service that knows nothing of telemetry. Whatever goes wrong here, the service
 * goes on without.
 */

/**
 * Whether this process was put into a running container from outside, as health checks and `exec` do: its parent is none
 * of the container's own processes, and neither is it the first of them. Its telemetry would be that of the service.
 */
const isGuest = process.ppid === 0 && process.pid !== 1;

if (!isGuest) {
  try {
    await import("@observability/telemetry/register");
  } catch (error) {
    process.stderr.write(
      `telemetry: could not be loaded by Node.js ${process.version}, the program goes on without: ${error instanceof Error ? error.message : String(error)}\n`,
    );
  }
}
