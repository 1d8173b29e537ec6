import { withCode } from "./coded-error.ts";

/** How much of what the program printed is shown. */
const mostLines = 4;
const mostCharacters = 200;

/**
 * The message about a configuration that its program refuses, with what that program printed.
 *
 * @param setting where the configuration comes from
 * @param said all that the program printed
 * @param secrets texts that are not to be shown, wherever they occur in it
 */
export function failedCheck(setting: string, said: string, secrets: readonly string[]): string {
  // As in its file, and as the program has read it (expansion.ts).
  const hidden = secrets.flatMap((secret) => [secret, secret.replaceAll("$$", "$")]);
  const told = hidden.reduce((text, secret) => text.replaceAll(secret, "[secret]"), said);
  const lines = told
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const shown = lines.slice(0, mostLines).map((line) => `  ${cut(line)}`);
  const more = lines.length > mostLines ? [`  … and ${lines.length - mostLines} more line(s)`] : [];
  const words = lines.length === 0 ? ["  it printed nothing"] : [...shown, ...more];
  const rule = "must be accepted by the program that reads it; correct what it reports";
  return [`${withCode("OBS1005", `${setting}: ${rule}`)}:`, ...words].join("\n");
}

function cut(line: string): string {
  const characters = Array.from(line);
  return characters.length <= mostCharacters ? line : `${characters.slice(0, mostCharacters - 1).join("")}…`;
}
