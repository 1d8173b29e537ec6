import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { format, resolveConfig } from "prettier";
import ts from "typescript";
import { errorCodes, errorGroups, errorPagePath, type ErrorCode } from "../config/error-codes.ts";

const root = join(import.meta.dirname, "..");

/** All codes, in order. */
export const allCodes = Object.keys(errorCodes) as readonly ErrorCode[];

/** The test of the codes themselves, which provokes none. */
const ownTest = "test/config/error-codes.test.ts";

/** Path of the list of all codes. */
const indexPath = "docs/errors/README.md";

/** The pages of all codes and their list, by their paths in the repository. */
export async function errorPages(): Promise<ReadonlyMap<string, string>> {
  const tests = provokingTests();
  const pages = allCodes.map((code) => [errorPagePath(code), pageOf(code, tests.get(code) ?? [])] as const);
  return new Map(await Promise.all([[indexPath, indexPage()] as const, ...pages].map(formatted)));
}

async function formatted([path, text]: readonly [string, string]): Promise<readonly [string, string]> {
  const options = { ...(await resolveConfig(join(root, path))), filepath: path, proseWrap: "always" } as const;
  return [path, await format(text, options)];
}

function pageOf(code: ErrorCode, tests: readonly string[]): string {
  const { title, means, remedy } = errorCodes[code];
  const links = tests.map((test) => `[${basename(test)}](${relative(dirname(errorPagePath(code)), test)})`);
  return [
    `# ${code}: ${title}`,
    "## What it means",
    means,
    "## What to do",
    remedy,
    `Provoked by ${links.join(", ")}. [All codes](README.md).`,
  ].join("\n\n");
}

function indexPage(): string {
  const groups = Object.entries(errorGroups).map(([hundred, title]) => {
    const rows = allCodes.filter((code) => code.startsWith(hundred)).map(rowOf);
    return [`## ${title}`, ["| code | what is wrong |", "| --- | --- |", ...rows].join("\n")].join("\n\n");
  });
  return [
    "# Errors",
    "What a command, or a program with the components, refuses or fails at has a code: in the last line of a command's message, and in brackets where plain `pulumi` shows it. A code means the same in every version ([VERSIONING.md](../../VERSIONING.md)). An error of theirs without one is a fault of the product.",
    ...groups,
  ].join("\n\n");
}

function rowOf(code: ErrorCode): string {
  return `| [${code}](${basename(errorPagePath(code))}) | ${errorCodes[code].title} |`;
}

/** The tests that expect an error with a code, by the code. */
export function provokingTests(): ReadonlyMap<ErrorCode, readonly string[]> {
  const files = globSync("test/**/*.test.ts", { cwd: root }).filter((path) => path !== ownTest);
  const named = files.sort().map((path) => [path, expectedCodes(path)] as const);
  return new Map(allCodes.map((code) => [code, named.flatMap(([path, codes]) => (codes.has(code) ? [path] : []))]));
}

/** The codes in the texts of a test; those of errors that it makes itself prove nothing. */
function expectedCodes(path: string): ReadonlySet<string> {
  const found = new Set<string>();
  const look = (node: ts.Node): void => {
    const isText = ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) || ts.isRegularExpressionLiteral(node);
    if (isText && !ts.isNewExpression(node.parent)) {
      for (const [code] of node.getText().matchAll(/\bOBS\d{4}\b/g)) found.add(code);
    }
    ts.forEachChild(node, look);
  };
  look(ts.createSourceFile(path, readFileSync(join(root, path), "utf8"), ts.ScriptTarget.Latest, true));
  return found;
}
