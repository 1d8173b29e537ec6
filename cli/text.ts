/** Text in one line, cut after 300 characters. */
export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim().slice(0, 300);
}

/** The first line of a text: of a message with next commands below it, what is wrong. */
export function firstLine(text: string): string {
  return oneLine(text.trim().split("\n", 1).join(""));
}

/** Prints a line for the user. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
