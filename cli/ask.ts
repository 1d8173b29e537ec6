import { createInterface } from "node:readline/promises";

/** What the user answers to a question at the terminal, without spaces around it. */
export async function answerTo(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question(question)).trim();
  } finally {
    terminal.close();
  }
}
