import { charactersOf, codeOf, firstWith, firstWithout, hexDigit, isQuote, type Characters } from "./characters.ts";

const {
  tab,
  lineFeed,
  carriageReturn,
  space,
  doubleQuote,
  percent,
  equals,
  openBracket,
  backslash,
  closeBracket,
  openBrace,
  closeBrace,
} = codeOf;

/** Finds ends in a text, of quotes, brackets, headers and whatever a table says, and counts how much it looks at. */
export class TextReader implements Characters {
  /** Characters looked at. Those of {@link code} are counted in the tests alone: counting takes as long as looking. */
  steps = 0;
  readonly text: string;
  readonly codes: Uint16Array;
  protected readonly length: number;

  constructor(text: string) {
    this.text = text;
    this.codes = charactersOf(text).codes;
    this.length = text.length;
  }

  /** The character at a position, -1 outside of the text. */
  protected code(position: number): number {
    return position >= 0 && position < this.length ? this.inside(position) : -1;
  }

  /** The character at a position inside of the text. */
  protected inside(position: number): number {
    return this.codes[position] ?? 0;
  }

  /** Where the first character is that a table has not. */
  protected skip(table: Uint8Array, from: number): number {
    const end = firstWithout(table, this.codes, from, this.length);
    this.steps += end - from;
    return end;
  }

  /** Where the first character is that a table has. */
  protected endOf(table: Uint8Array, from: number): number {
    const end = firstWith(table, this.codes, from, this.length);
    this.steps += end - from;
    return end;
  }

  /** Skips blanks, as many as people put around a separator. */
  protected blanks(from: number): number {
    let position = from;
    for (; position < from + 8; position += 1) {
      const code = this.code(position);
      if (code !== space && code !== tab) break;
    }
    return position;
  }

  /** How many backslashes there are from a position on. */
  protected backslashes(from: number): number {
    let position = from;
    while (this.code(position) === backslash) position += 1;
    return position - from;
  }

  /** The end of a header's line, or the quote that closes the text it is in. */
  protected endOfHeader(from: number): number {
    let position = from;
    while (position < this.length) {
      const code = this.code(position);
      if (code === lineFeed || code === carriageReturn) return position;
      if (code === backslash) {
        const escapes = this.backslashes(position);
        const next = this.code(position + escapes);
        if (isQuote(next) && this.code(position - 1) !== equals) return position;
        if (!isQuote(next) && (next === 110 || next === 114)) return position;
        position = isQuote(next) ? this.behindQuoted(position + escapes + 1, next, escapes) : position + escapes;
      } else if (isQuote(code)) {
        if (this.code(position - 1) !== equals) return position;
        position = this.behindQuoted(position + 1, code, 0);
      } else {
        position += 1;
      }
    }
    return position;
  }

  /** Behind the quote that closes a text which begins at `inside`, as {@link closingQuote} finds it. */
  protected behindQuoted(inside: number, quote: number, escapes: number): number {
    const close = this.closingQuote(inside, quote, escapes);
    return Math.min(this.length, close + escapes + 1);
  }

  /**
   * Where a quoted text ends, at any depth of JSON within JSON: a quote that opened behind `n` backslashes is closed by
   * one behind `n`, while a quote inside has more. The end of the text if nothing closes it.
   */
  protected closingQuote(inside: number, quote: number, escapes: number): number {
    const mark = String.fromCharCode(quote);
    for (let from = inside; ;) {
      const found = this.text.indexOf(mark, from);
      const position = found < 0 ? this.length : found;
      this.steps += position - from + 1;
      if (found < 0) return position;
      let run = 0;
      while (position - run - 1 >= inside && this.inside(position - run - 1) === backslash) run += 1;
      this.steps += run;
      if (run < escapes || run % (2 * (escapes + 1)) === escapes) return position - Math.min(run, escapes);
      from = position + 1;
    }
  }

  /** Where the bracket or brace at a position is closed, brackets in quotes left aside; the end of the text if never. */
  protected endOfContainer(from: number): number {
    let depth = 0;
    let position = from;
    while (position < this.length) {
      const code = this.code(position);
      if (code === openBracket || code === openBrace) depth += 1;
      else if (code === closeBracket || code === closeBrace) {
        depth -= 1;
        if (depth === 0) return position + 1;
      } else if (code === doubleQuote) {
        let escapes = 0;
        while (this.code(position - escapes - 1) === backslash && escapes < 64) escapes += 1;
        position = this.behindQuoted(position + 1, code, escapes) - 1;
      }
      position += 1;
    }
    return this.length;
  }

  /** Whether a word, given in lower case, stands in `[start, end)` in either case. */
  protected is(word: string, start: number, end: number): boolean {
    if (end - start !== word.length) return false;
    for (let at = 0; at < word.length; at += 1) {
      // 32 tells a letter from the same one in upper case.
      const difference = this.code(start + at) ^ word.charCodeAt(at);
      if (difference !== 0 && (difference !== 32 || word.charCodeAt(at) < 97)) return false;
    }
    return true;
  }

  /** The character that stands here as URLs escape it, `%22`; -1 if none does. */
  protected escaped(position: number): number {
    if (this.code(position) !== percent) return -1;
    const high = hexDigit(this.code(position + 1));
    const low = hexDigit(this.code(position + 2));
    return high < 0 || low < 0 ? -1 : high * 16 + low;
  }
}
