import { endianness } from "node:os";

/** Longest text that is looked at, in characters. What is longer is cut first, so the time for a text is bounded. */
export const longestText = 64 * 1024;

/** A text with the codes of its characters, which are read in a fraction of the time from there. */
export interface Characters {
  readonly text: string;
  /** UTF-16, as the text has it. What stands behind the text's length is not the text's. */
  readonly codes: Uint16Array;
}

/**
 * Room for the codes of a text and for what is written behind one that was cut: 128 KiB that are used again for each text,
 * since to make room takes longer than to look at most texts.
 */
const room = new Uint16Array(longestText + 64);
const bytesOfRoom = Buffer.from(room.buffer);

/** Buffers have UTF-16 with the low byte first, whatever the processor has. */
const isSwapped = endianness() === "BE";

/**
 * A text with its codes, which are in the same room for all texts: they are valid until the next call. So whoever looks at
 * a text calls nothing meanwhile that looks at another one, users' code least of all.
 */
export function charactersOf(text: string): Characters {
  const fits = text.length <= room.length;
  const codes = fits ? room : new Uint16Array(text.length);
  const bytes = fits ? bytesOfRoom : Buffer.from(codes.buffer);
  bytes.write(text, "utf16le");
  if (isSwapped) bytes.subarray(0, 2 * text.length).swap16();
  return { text, codes };
}

/**
 * Codes of characters by their names. Whoever compares with them takes them out as constants of the own module: V8 writes
 * those into the code that it compiles, but reads what is imported from memory each time.
 */
export const codeOf = {
  tab: 9,
  lineFeed: 10,
  carriageReturn: 13,
  space: 32,
  doubleQuote: 34,
  hash: 35,
  dollar: 36,
  percent: 37,
  ampersand: 38,
  singleQuote: 39,
  openParenthesis: 40,
  comma: 44,
  hyphen: 45,
  dot: 46,
  slash: 47,
  colon: 58,
  semicolon: 59,
  lessThan: 60,
  equals: 61,
  greaterThan: 62,
  questionMark: 63,
  at: 64,
  capitalN: 78,
  openBracket: 91,
  backslash: 92,
  closeBracket: 93,
  backtick: 96,
  openBrace: 123,
  closeBrace: 125,
} as const;

/** Some characters as a table that has 1 at the code of each; none of them has a code above 127. */
export function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(128);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

/** Whether a table of {@link tableOf} has a character. */
export function isIn(table: Uint8Array, code: number): boolean {
  return code < 128 && table[code] === 1;
}

const { backtick, doubleQuote, singleQuote } = codeOf;

/** Whether a character is a quote of any kind. */
export function isQuote(code: number): boolean {
  return code === doubleQuote || code === singleQuote || code === backtick;
}

/*
 * Loops over many characters are functions of their own with nothing behind the loop: V8 compiles a long loop while it runs,
 * without what it has not seen behind it, and would throw such code away each time that the loop ends.
 */

/** Where the first character is that a table has not, or `to`. */
export function firstWithout(table: Uint8Array, codes: Uint16Array, from: number, to: number): number {
  let position = from;
  while (position < to && isIn(table, codes[position] ?? 0)) position += 1;
  return position;
}

/** Where the first character is that a table has, or `to`. */
export function firstWith(table: Uint8Array, codes: Uint16Array, from: number, to: number): number {
  let position = from;
  while (position < to && !isIn(table, codes[position] ?? 0)) position += 1;
  return position;
}

/** The value of a digit of base 16, -1 for any other character. */
export function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
