import { spawnSync } from "node:child_process";
import { codeOf } from "./errors.ts";

/**
 * How much later than something that it has written, in milliseconds, a process can seem to have begun: `ps` counts in
 * seconds, and a clock that is set while a machine runs moves the start of all of its processes.
 */
const clockMillis = 60_000;

/**
 * Whether a process runs that has written its id somewhere: a process of this id that has not ended and is not younger
 * than what was written, for ids are used again.
 *
 * @param sinceMillis when it wrote that, in milliseconds since 1970
 */
export function isRunning(pid: number, sinceMillis: number): boolean {
  const { stdout, stderr, error } = spawnSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
  });
  // The `ps` of some systems cannot be asked about a single process.
  if (error !== undefined || stderr !== "") return exists(pid);
  const [state = "", ...start] = stdout.trim().split(/\s+/);
  // A process that has ended and whose parent has not noticed is a zombie.
  if (state === "" || state.startsWith("Z")) return false;
  const startMillis = Date.parse(`${start.join(" ")} UTC`);
  return Number.isNaN(startMillis) || Number.isNaN(sinceMillis) || startMillis <= sinceMillis + clockMillis;
}

/** Whether there is a process of this id, whenever it began. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, and belongs to somebody else.
    return codeOf(error) === "EPERM";
  }
}
