import { isRecord } from "../config/parse.ts";
import { parse } from "yaml";
import { merged } from "./merge-yaml.ts";

/** The examples of docs/own-code.md, as the tests run them. */
export interface OwnCodeExamples {
  /** A program with a service by its image. */
  readonly imageProgram: string;
  /** A service by its folder, for a program that has a stack. */
  readonly buildStatement: string;
  /** A file of Compose. */
  readonly compose: unknown;
  /** Arguments of `npm`, each a command. */
  readonly secretCommands: readonly (readonly string[])[];
  /** Each block of settings, keys without the project's name in front. */
  readonly settings: readonly Readonly<Record<string, unknown>>[];
  /** A dashboard as the text of a file. */
  readonly dashboard: string;
}

/** @throws Error if the page lacks one of them. */
export function ownCodeExamples(markdown: string): OwnCodeExamples {
  const blocks = (language: string): readonly string[] =>
    [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map(([, text]) => text ?? "");
  const one = (language: string, beginning: string): string => {
    const found = blocks(language).filter((block) => block.startsWith(beginning));
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    throw new Error(
      `the page: must have one \`${language}\` block that begins with ${beginning}, found ${found.length}`,
    );
  };
  return {
    imageProgram: one("ts", "import "),
    buildStatement: one("ts", "new InstrumentedService("),
    compose: parse(one("yaml", "services:")) as unknown,
    secretCommands: blocks("sh")
      .flatMap((block) => block.trim().split("\n"))
      .map((line) => line.replaceAll("'", "").split(" ").slice(1)),
    settings: blocks("yaml")
      .filter((block) => block.startsWith("observability:"))
      .map((block) => unprefixed(parse(block))),
    dashboard: one("json", "{"),
  };
}

function unprefixed(settings: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(settings)) throw new Error("the page: a block of settings must be keys with values");
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key.replace(/^observability:/, ""), value]),
  );
}

/** Several blocks of settings as one: groups are merged, lists are joined. */
export function mergedSettings(
  blocks: readonly Readonly<Record<string, unknown>>[],
): Readonly<Record<string, unknown>> {
  return blocks.reduce((all, block) => merged(all, block) as Readonly<Record<string, unknown>>, {});
}
