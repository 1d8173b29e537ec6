import { errorCodes, type ErrorCode } from "../config/error-codes.ts";
import { oneLine } from "./text.ts";

/** What a user is told about a failed deployment: why, in a few lines, and what to do. */
export interface Explanation {
  readonly cause: string;
  readonly next: string;
  /** Code of the cause; `undefined` if it is none that is known. */
  readonly code: ErrorCode | undefined;
}

interface Rule {
  readonly code: ErrorCode;
  readonly pattern: RegExp;
  readonly cause: (match: RegExpExecArray) => string;
  readonly next: string;
}

/** Problems outside the program, recognised by the words of Docker and Pulumi. The first rule that fits counts. */
const rules: readonly Rule[] = [
  {
    code: "OBS1105",
    pattern: /no space left on device|ENOSPC|disk quota exceeded/i,
    cause: () => "the disk is full",
    next: "make room (docker system df shows what Docker uses), then npm run up",
  },
  {
    code: "OBS1406",
    pattern: /incorrect passphrase/i,
    cause: () => "the passphrase does not fit the state that it should decrypt",
    next: "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the one of this state",
  },
  {
    code: "OBS1405",
    pattern: /failed to load checkpoint: ([^\n]*)/i,
    cause: ([, why]) => `the state of the stack cannot be read: ${why ?? ""}`,
    next: "put the state back from a copy (.pulumi-state/.pulumi/backups), or from the .bak file beside it",
  },
  {
    code: "OBS1406",
    pattern: /unable to read PULUMI_CONFIG_PASSPHRASE_FILE: ([^\n]*)/i,
    cause: ([, why]) => `the file of the passphrase cannot be read: ${why ?? ""}`,
    next: "correct PULUMI_CONFIG_PASSPHRASE_FILE, or put .pulumi-state/passphrase back",
  },
  {
    code: "OBS1401",
    pattern: /the stack is currently locked by[\s\S]*?\n\s*(\S[^\n]*)/i,
    cause: ([, holder]) => `another pulumi works on this stack: ${holder ?? ""}`,
    next: "wait until it has ended, then npm run up",
  },
  {
    code: "OBS1103",
    pattern: /(?:no resource plugin|could not (?:load|find)[^\n]*plugin|failed to load plugin)[^\n]*/i,
    cause: ([text]) => text,
    next: "pulumi plugin install, with a network; or see PULUMI_HOME and PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION",
  },
  {
    code: "OBS1104",
    pattern: /(?:Bind for|listen tcp4?) ([\d.]+:\d+)[^\n]*(?:port is already allocated|address already in use)/i,
    cause: ([, address]) => `${address ?? "a port"} is in use by another program`,
    next: "stop that program, or choose another port in Pulumi.dev.yaml (observability:ports)",
  },
  {
    code: "OBS1207",
    pattern: /container name "?\/?([\w.-]+)"? is already in use/i,
    cause: ([, name]) => `the container ${name ?? ""} exists and does not belong to this stack`,
    next: "rename or remove it, or choose another observability:name in Pulumi.dev.yaml",
  },
  {
    code: "OBS1209",
    pattern:
      /Unable to (?:read|find or pull)[^\n]*image (\S+?)[:,]? [\s\S]*|(?:pull access denied for|manifest for|manifest unknown)[^\n]*/i,
    cause: ([text]) => `an image could not be pulled: ${oneLine(text)}`,
    next: "look at the name in Pulumi.dev.yaml (observability:images, observability:imageRegistry), at the network, and at docker login",
  },
  {
    code: "OBS1204",
    // The last is what a daemon says that is about to end: its databases are closed, and it still takes requests.
    pattern:
      /Cannot connect to the Docker daemon[^\n]*|failed to connect to any docker daemon[^\n]*|error during connect[^\n]*|get \S+: database not open/i,
    cause: ([text]) => `the connection to Docker was lost: ${oneLine(text)}`,
    next: "start Docker, then npm run up",
  },
];

/** How much of an unknown problem is shown. */
const mostLines = 6;
const mostCharacters = 300;

/** Explains what Pulumi reported; `problems` are the errors of its engine, `output` what it printed if there is none. */
export function explain(problems: readonly string[], output: string): Explanation {
  const text = problems.length > 0 ? problems.join("\n") : errorLines(output);
  for (const { code, pattern, cause, next } of rules) {
    const match = pattern.exec(text);
    if (match !== null) return { cause: cause(match), next, code };
  }
  const lines = [...new Set(text.split("\n").map((line) => line.trim()))].filter((line) => line !== "");
  const shown = lines.slice(0, mostLines).map((line) => line.slice(0, mostCharacters));
  if (lines.length > mostLines) shown.push(`… ${lines.length - mostLines} more line(s)`);
  return { cause: shown.join("\n"), next: "solve what this says, then npm run up", code: codeIn(text) };
}

/** The code that the program has put into a message (config/coded-error.ts). */
function codeIn(text: string): ErrorCode | undefined {
  const [, name] = /\((OBS\d{4})\)/.exec(text) ?? [];
  return name !== undefined && Object.hasOwn(errorCodes, name) ? (name as ErrorCode) : undefined;
}

/** The errors in the output of one of Pulumi's commands, without the command line; all of the output if there are none. */
function errorLines(output: string): string {
  const errors = output.match(/^error: .*(\n +.*)*/gm);
  return errors === null ? output : errors.map((line) => line.slice("error: ".length)).join("\n");
}
