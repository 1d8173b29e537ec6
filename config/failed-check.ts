/** A program's check of its own configuration, which has failed. */
export interface FailedCheck {
  /** The setting that the configuration comes from. */
  readonly setting: string;
  /** All that the program printed. */
  readonly said: string;
  /** Texts that are not to be shown, wherever they occur in it. */
  readonly secrets: readonly string[];
}

/** How much of what the program printed is shown. */
const mostLines = 4;
const mostCharacters = 200;

/** The message about a configuration that its program refuses, with what that program printed. */
export function failedCheck({ setting, said, secrets }: FailedCheck): string {
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
  return [`${setting}: must be accepted by the program that reads it; correct what it reports:`, ...words].join("\n");
}

function cut(line: string): string {
  const characters = Array.from(line);
  return characters.length <= mostCharacters ? line : `${characters.slice(0, mostCharacters - 1).join("")}…`;
}
