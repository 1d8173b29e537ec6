import { codeOf, firstWithout, hexDigit, isIn, isQuote, tableOf } from "./characters.ts";
import { alphabets, formatsByBeginning, knownFormats } from "./known-formats.ts";
import { longestKey, type KeyKind, type KeyRule } from "./secret-keys.ts";
import { TextReader } from "./text-reader.ts";

/** What stands in place of a secret. */
export const redactedText = "[REDACTED]";

/** Parts of the scan that users can switch off, by what they find. */
export const textRules = [
  "privateKeys",
  "authSchemes",
  "jsonWebTokens",
  "urlCredentials",
  "knownFormats",
  "namedValues",
  "commandLines",
  "mailAddresses",
] as const;

/** Name of a part of the scan. */
export type TextRule = (typeof textRules)[number];

/** How a text is scanned. */
export interface ScanRules {
  readonly kindOfKey: KeyRule;
  readonly isOn: Readonly<Record<TextRule, boolean>>;
}

/** Names of parameters whose value opens what a URL leads to, but is nothing special elsewhere. */
const urlParameters: ReadonlySet<string> = new Set(["sig", "signature", "key", "code", "auth", "x-amz-signature"]);

/** Shortest value of such a parameter that is taken for a secret, in characters. */
const shortestUrlSecret = 16;

/** Headers whose value is several words: all of it is secret. */
const wholeLineHeaders: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "proxy-authorization",
  "set-cookie",
  "x-auth",
  "x-authorization",
  "x-forwarded-authorization",
]);

/** Values that give nothing away, whatever their name. */
const emptyValues: ReadonlySet<string> = new Set(["null", "true", "false", "undefined"]);

/** Hosts whose path is the credential, each with what the credential follows. */
const secretPaths: readonly (readonly [host: string, path: string])[] = [
  ["hooks.slack.com", "/services/"],
  ["discord.com", "/api/webhooks/"],
  ["discordapp.com", "/api/webhooks/"],
  ["api.telegram.org", "/bot"],
];

/** Programs that take a password by an option of one letter; the same letter is a port or a path elsewhere. */
const passwordOptions: ReadonlyMap<string, string> = new Map([
  ["curl", "-u"],
  ["docker-login", "-p"],
  ["mariadb", "-p"],
  ["mariadb-dump", "-p"],
  ["mysql", "-p"],
  ["mysqladmin", "-p"],
  ["mysqldump", "-p"],
  ["redis-cli", "-a"],
  ["sshpass", "-p"],
  ["wget", "-u"],
]);

const {
  tab,
  lineFeed,
  space,
  doubleQuote,
  hash,
  dollar,
  percent,
  ampersand,
  singleQuote,
  openParenthesis,
  comma,
  hyphen,
  dot,
  slash,
  colon,
  semicolon,
  lessThan,
  equals,
  greaterThan,
  questionMark,
  at,
  capitalN,
  openBracket,
  backslash,
  closeBracket,
  openBrace,
} = codeOf;

const upperCase = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const letters = `${upperCase}abcdefghijklmnopqrstuvwxyz`;
const wordCharacters = tableOf(`${letters}0123456789_-.$`);
const tokenCharacters = tableOf(`${letters}0123456789_-.~+/=:|`);
/** What words of English have none of but at their beginning, and what they do not end with. */
const unlikeWords = tableOf(`${upperCase}0123456789+=_`);
const capitals = tableOf(upperCase);
const digitsAndPadding = tableOf("0123456789=");
const mailLocal = tableOf(`${letters}0123456789._%+-`);
const mailDomain = tableOf(`${letters}0123456789.-`);
/** What may stand behind a name: a separator, or what closes the name. */
const behindNames = tableOf(" \t=:\"'`\\]%>");
/** What may stand between an option and its argument. */
const beforeArguments = tableOf(" \t\"'`");
/** Length of the shortest of all known credentials, and of all tokens, in characters. */
const shortestCredential = Math.min(10, ...knownFormats.map(({ prefix, atLeast }) => prefix.length + atLeast));
/** Beginnings of what {@link TextScan.credential} looks for, and of programs that take a password, as {@link pairs} has them. */
const credentialBeginnings = pairs(["ey", ...formatsByBeginning.keys()]);
const programBeginnings = pairs(["login", ...passwordOptions.keys()]);
/** First letters of {@link emptyValues}, and last ones of {@link wholeLineHeaders}. */
const emptyBeginnings = tableOf([...emptyValues].map((value) => value.charAt(0)).join(""));
const headerEndings = tableOf([...wholeLineHeaders].map((name) => name.slice(-1)).join(""));
/** Ends an unquoted value. */
const valueEnds = tableOf(" \t\n\r\"'`\\,;&)}]<>|");
/** Ends the value of a URL's parameter. */
const parameterEnds = tableOf(" \t\n\r\"'`\\;&#<>)}]");
/** Ends a URL. */
const urlEnds = tableOf(" \t\n\r\"'`\\<>|");

/** What stands behind the text: to look up -1, which is no index, would make V8 look up all others in more time as well. */
const inNoTable = 128;

/** The first two characters of texts, or their codes as {@link formatsByBeginning} has them, to look up by both codes. */
function pairs(beginnings: readonly (number | string)[]): Uint8Array {
  const table = new Uint8Array(128 * 128);
  for (const one of beginnings) {
    table[typeof one === "number" ? one : one.charCodeAt(0) * 128 + one.charCodeAt(1)] = 1;
  }
  return table;
}

/**
 * Replaces what looks like a secret in a text.
 *
 * One pass from left to right, in time proportional to the text whatever the text: each step either moves on, or looks
 * a bounded number of characters around itself, or consumes what it has read, or reads up to an end that is remembered
 * until the pass is there (`steps` in the tests counts them). So there is no pattern that a hostile text can make slow.
 */
export function scanText(text: string, rules: ScanRules): string {
  return new TextScan(text, rules).scan();
}

/** Counts, for the tests, how many characters a scan looks at. */
export function countSteps(text: string, rules: ScanRules): number {
  const scan = new CountingScan(text, rules);
  scan.scan();
  return scan.steps;
}

/** Whether a known credential or a token may begin in a run of word characters, at the beginning of a word in it. */
function mayHoldCredential(codes: Uint16Array, from: number, to: number): boolean {
  let isBeginning = true;
  for (let position = from; position + 1 < to; position += 1) {
    const code = codes[position] ?? 0;
    if (isBeginning && credentialBeginnings[code * 128 + (codes[position + 1] ?? 0)] === 1) return true;
    isBeginning = code === hyphen || code === dot || code === dollar;
  }
  return false;
}

/** Looks for secrets. What it knows of the text behind it is all that it has to remember, so it never goes back. */
class TextScan extends TextReader {
  private readonly rules: ScanRules;
  private out = "";
  /** Up to where the text is in `out`. */
  private copied = 0;
  /** Where the run of non-blank characters ends that {@link lastAtOfRun} has looked at, and the last `@` in it. */
  private runEnd = -1;
  private runAt = -1;
  /** Option of one letter that the program named on this line takes a password by. */
  private passwordOption = "";
  /** Where the word before this one is; compared with others only, so it need not be cut out. */
  private previousStart = 0;
  private previousEnd = 0;
  /** The last colon since the last blank. */
  private lastColon = -1;
  /** End of the run of word characters that the pass is in. */
  private wordEnd = -1;
  /** The first character from {@link partStart} on that no part of a JSON web token has. */
  private partStart = -1;
  private partEnd = -1;

  constructor(text: string, rules: ScanRules) {
    super(text);
    this.rules = rules;
  }

  scan(): string {
    let position = 0;
    // In pieces, each a call: V8 compiles what is called often sooner and better than a loop that goes on for long.
    while (position < this.length) position = this.pass(position, Math.min(this.length, position + 256));
    return this.copied === 0 ? this.text : this.out + this.text.slice(this.copied);
  }

  /** Goes on from a position until it has reached another one, and returns where it is. */
  private pass(from: number, to: number): number {
    let position = from;
    while (position < to) {
      const code = this.inside(position);
      this.steps += 1;
      if (isIn(wordCharacters, code)) {
        const plain = position < this.wordEnd ? 0 : this.plainWord(position);
        position = plain > 0 ? plain : Math.max(position + 1, this.word(position));
      } else if (code === at) {
        position = Math.max(position + 1, this.atSign(position));
      } else {
        if (code === colon) this.lastColon = position;
        else if (code <= space) {
          this.lastColon = -1;
          if (code === lineFeed) this.passwordOption = "";
        }
        position += 1;
      }
    }
    return position;
  }

  /** Replaces `[from, to)`, and goes on behind it. */
  private replace(from: number, to: number): number {
    if (this.isRedacted(from)) return Math.max(to, from + redactedText.length);
    if (to > from && from >= this.copied) {
      this.out += this.text.slice(this.copied, from) + redactedText;
      this.copied = to;
    }
    return to;
  }

  /** Whether a secret has been replaced here before. */
  private isRedacted(position: number): boolean {
    return this.code(position) === openBracket && this.text.startsWith(redactedText, position);
  }

  /**
   * Reads the run of word characters at a position. Most words are no part of a secret, and nothing around them makes
   * them one: so most of a text is looked at once, in one loop.
   *
   * @returns where the pass goes on; 0 if {@link word} has to look closer
   */
  private plainWord(start: number): number {
    const { codes, length } = this;
    const end = firstWithout(wordCharacters, codes, start, length);
    const size = end - start;
    this.wordEnd = end;
    this.steps += size;
    const before = start > 0 ? this.inside(start - 1) : -1;
    const initial = this.inside(start);
    const next = end < length ? this.inside(end) : inNoTable;
    // What is escaped belongs to no word.
    if (before === backslash || before === percent) return 0;
    if (size >= shortestCredential) {
      this.steps += size;
      if (this.inside(end - 1) === capitalN || mayHoldCredential(codes, start, end)) return 0;
    }
    if (next === colon && (size > 1 || this.code(end + 1) === slash)) return 0;
    if (initial === hyphen && (this.passwordOption !== "" || isIn(beforeArguments, next))) return 0;
    if (size > 1) {
      if (isIn(behindNames, next)) {
        const isBlank = next === space || next === tab;
        if (!isBlank || end + 1 === length || !isIn(wordCharacters, this.inside(end + 1))) return 0;
      }
      if (programBeginnings[initial * 128 + this.inside(start + 1)] === 1) return 0;
      if (this.mayBeAuthScheme(initial, size)) return 0;
    }
    this.previousStart = start;
    this.previousEnd = end;
    return end;
  }

  /** Handles the run of word characters at a position, or what is left of it; returns where the pass goes on. */
  private word(runStart: number): number {
    const { length, text, wordEnd: end } = this;
    const before = runStart > 0 ? this.inside(runStart - 1) : -1;
    let start = runStart;
    // The `n` of an escaped line break belongs to the escape.
    if (before === backslash && "nrtbf".includes(text.charAt(start))) start += 1;
    // So do the two digits of `%3F`.
    else if (before === percent && end - start > 2 && hexDigit(this.inside(start)) >= 0) start += 2;

    if (end - runStart >= shortestCredential) {
      const after = this.privateKey(end) || this.credential(start, end);
      if (after > 0) return after;
    }
    const size = end - start;
    const initial = this.inside(start);
    const next = end < length ? this.inside(end) : inNoTable;
    if (next === colon && this.code(end + 1) === slash && this.code(end + 2) === slash) return this.url(end + 3);
    let after = 0;
    if (size > 1) {
      if (this.mayBeAuthScheme(initial, size)) after = this.authScheme(start, end);
      // Most words are followed by something else, and no name of a secret is shorter than `pw`.
      if (after === 0 && isIn(behindNames, next)) after = this.namedValue(start, end, next);
      if (after === 0 && (initial === hyphen || programBeginnings[initial * 128 + this.inside(start + 1)] === 1)) {
        after = this.commandLine(start, end);
      }
    }
    this.previousStart = start;
    this.previousEnd = end;
    return after > 0 ? after : end;
  }

  /** From `-----BEGIN`, if that is what ends here, and `PRIVATE KEY-----` to its end or that of the text. */
  private privateKey(beginEnd: number): number {
    const { text, rules } = this;
    const start = beginEnd - 10;
    if (this.inside(beginEnd - 1) !== capitalN || !rules.isOn.privateKeys || !text.startsWith("-----BEGIN", start)) {
      return 0;
    }
    this.steps += 80;
    const label = text.slice(beginEnd, start + 80);
    const name = label.indexOf("PRIVATE KEY");
    const labelEnd = label.indexOf("-----");
    if (name < 0 || (labelEnd >= 0 && labelEnd < name)) return 0;
    const footer = text.indexOf("-----END", start);
    const close = footer < 0 ? -1 : text.indexOf("-----", footer + 8);
    // The dashes may be those of the next key, behind a footer that was cut.
    const end = close < 0 ? this.length : text.startsWith("-----BEGIN", close) ? close : close + 5;
    this.steps += end - start;
    return this.replace(start, end);
  }

  /** The first JSON web token or known credential in a run, at the beginning of a word in it. */
  private credential(start: number, end: number): number {
    const { rules } = this;
    let boundary = true;
    this.steps += end - start;
    for (let position = start; position < end; position += 1) {
      const code = this.inside(position);
      const next = boundary && position + 1 < end ? this.inside(position + 1) : 128;
      if (next < 128 && credentialBeginnings[code * 128 + next] === 1) {
        const token = rules.isOn.jsonWebTokens && code === 101 ? this.jsonWebToken(position, end) : 0;
        const to = token || (rules.isOn.knownFormats ? this.knownFormat(position, code, next) : 0);
        if (to > 0) return this.replace(position, to);
      }
      boundary = code === hyphen || code === dot || code === dollar;
    }
    return 0;
  }

  /** Where a token that begins here ends: `eyJ…`, a dot, and more. */
  private jsonWebToken(start: number, runEnd: number): number {
    if (!this.text.startsWith("eyJ", start)) return 0;
    const firstEnd = this.endOfPart(start);
    // A text that was cut in the middle of one.
    if (firstEnd === this.length && runEnd === firstEnd && firstEnd - start > 100) return firstEnd;
    if (this.code(firstEnd) !== dot || firstEnd < start + 7) return 0;
    if (!isIn(alphabets.dashed, this.code(firstEnd + 1)) || !isIn(alphabets.dashed, this.code(firstEnd + 2))) return 0;
    // Three parts if it is signed, five if it is encrypted.
    let end = firstEnd;
    for (let part = 0; part < 4 && this.code(end) === dot; part += 1) end = this.skip(alphabets.dashed, end + 1);
    return end;
  }

  /** The end of a part of a token, which many beginnings of a token may ask for: looked for once. */
  private endOfPart(from: number): number {
    if (from < this.partStart || from > this.partEnd) {
      this.partStart = from;
      this.partEnd = this.skip(alphabets.dashed, from);
    }
    return this.partEnd;
  }

  /** Where a known credential that begins here, with these two characters, ends; 0 if there is none. */
  private knownFormat(start: number, first: number, second: number): number {
    const formats = formatsByBeginning.get(first * 128 + second);
    if (formats === undefined) return 0;
    for (const { prefix, last, alphabet, atLeast } of formats) {
      if (this.code(start + prefix.length - 1) !== last || !this.text.startsWith(prefix, start)) continue;
      const from = start + prefix.length;
      const to = this.skip(alphabets[alphabet], from);
      if (to - from >= atLeast) return to;
    }
    return 0;
  }

  /** Behind `scheme://`: user and password, and the path where that is the credential. */
  private url(start: number): number {
    const { rules } = this;
    if (!rules.isOn.urlCredentials) return start;
    let position = start;
    let lastAt = -1;
    let firstColon = -1;
    for (; position < this.length; position += 1) {
      const code = this.code(position);
      if (code === at) lastAt = position;
      else if (code === colon && firstColon < 0) firstColon = position;
      else if (code === slash || code === questionMark || code === hash || isIn(urlEnds, code)) break;
    }
    if (lastAt < 0 && firstColon >= 0 && !this.isPort(firstColon + 1, position)) {
      // No port, so a password with a `/`, `?` or `#` in it.
      const runAt = this.lastAtOfRun(position);
      if (runAt > position) lastAt = runAt;
    }
    if (lastAt >= 0) {
      if (firstColon >= 0 && firstColon < lastAt) this.replace(firstColon + 1, lastAt);
      else if (lastAt - start >= shortestUrlSecret) this.replace(start, lastAt);
      return lastAt + 1;
    }
    const host = this.text.slice(start, Math.min(position, start + 64));
    for (const [name, path] of secretPaths) {
      if (host !== name || !this.text.startsWith(path, position)) continue;
      return this.replace(position + path.length, this.endOf(urlEnds, position + path.length));
    }
    return start;
  }

  private isPort(from: number, to: number): boolean {
    if (this.inside(from - 2) === closeBracket || to - from > 5) return to - from <= 5;
    for (let position = from; position < to; position += 1) {
      const code = this.code(position);
      if (code < 48 || code > 57) return code === colon || code === closeBracket;
    }
    return true;
  }

  /** The last `@` before the next blank, quote or end; the answer is kept until the pass is behind it. */
  private lastAtOfRun(from: number): number {
    if (from >= this.runEnd) {
      this.runAt = -1;
      let position = from;
      for (; position < this.length; position += 1) {
        const code = this.inside(position);
        if (code === at) this.runAt = position;
        else if (isIn(urlEnds, code)) break;
      }
      this.steps += position - from;
      this.runEnd = position + 1;
    }
    return this.runAt;
  }

  /** `Bearer …` and `Basic …` in any text, and the whole of AWS's signature. */
  private authScheme(start: number, end: number): number {
    if (!this.rules.isOn.authSchemes) return 0;
    if (this.is("aws4-hmac-sha256", start, end)) {
      return this.code(end) === space ? this.replace(end + 1, this.endOfHeader(end + 1)) : 0;
    }
    const isBasic = this.is("basic", start, end);
    if (!isBasic && !this.is("bearer", start, end)) return 0;
    const from = this.blanks(end);
    if (from === end) return 0;
    const to = this.skip(tokenCharacters, from);
    return this.looksRandom(from, to, isBasic ? 8 : 6) ? this.replace(from, to) : 0;
  }

  /** `basic`, `bearer` and `aws4-hmac-sha256` have these lengths, and begin like this in either case. */
  private mayBeAuthScheme(initial: number, length: number): boolean {
    return (length === 5 || length === 6 || length === 16) && ((initial | 32) === 97 || (initial | 32) === 98);
  }

  /** Whether a word is more than a word of English: a digit, a capital inside, a sign, or very long. */
  private looksRandom(from: number, to: number, atLeast: number): boolean {
    if (to - from < atLeast) return false;
    if (to - from >= 24) return true;
    if (isIn(unlikeWords, this.code(from)) && !isIn(capitals, this.code(from))) return true;
    for (let position = from + 1; position < to - 1; position += 1) {
      if (isIn(unlikeWords, this.code(position))) return true;
    }
    return isIn(digitsAndPadding, this.code(to - 1));
  }

  /** `key=value`, `"key": "value"`, `Header: value`, `?key=value`, `<key>value</key>`, `key%3Dvalue`. */
  private namedValue(start: number, end: number, next: number): number {
    if (!this.rules.isOn.namedValues) return 0;
    if (next === greaterThan) return this.element(start, end);
    if (next === percent) return this.encodedValue(start, end);
    const escapes = next === backslash ? this.backslashes(end) : 0;
    let position = end + escapes;
    let code = escapes > 0 ? this.code(position) : next;
    const quoted = isQuote(code) && (escapes > 0 || isQuote(this.code(start - 1)));
    if (quoted || code === closeBracket) position += 1;
    else if (escapes > 0) return 0;
    const gap = code === colon || code === equals ? position : this.blanks(position);
    code = this.code(gap);
    const second = this.code(gap + 1);
    if (code === equals && second === greaterThan) position = gap + 2;
    else if (code === colon && second === equals) position = gap + 2;
    else if (code === colon || code === equals) position = gap + 1;
    else if (code === comma && quoted) return this.pairOfHeader(start, end, gap + 1);
    // SQL: `… PASSWORD 'x'`, `IDENTIFIED BY 'x'`.
    else if (code === singleQuote && gap > position) return this.sqlPassword(start, end, gap);
    else return 0;

    const before = this.code(start - 1);
    if (gap === end && code === colon && second >= 48 && second <= 57 && this.isPlaceInFile(start, end)) return 0;
    const inUrl =
      code === equals && (before === questionMark || before === ampersand || before === hash || before === semicolon);
    const kind = this.kindOfName(start, end);
    if (kind === undefined) {
      const isParameter = inUrl && urlParameters.has(this.text.slice(start, end).toLowerCase());
      return isParameter ? this.urlParameter(position) : 0;
    }
    if (inUrl && (before === questionMark || before === ampersand)) {
      return this.replace(position, this.endOf(parameterEnds, position));
    }
    return this.value(position, start, end, kind === "countable");
  }

  /** What the name in `[start, end)` says about its value. */
  private kindOfName(start: number, end: number): KeyKind | undefined {
    return this.rules.kindOfKey(this, Math.max(start, end - longestKey), end);
  }

  /** `/app/token.ts:10:5`, as stacks have it. */
  private isPlaceInFile(start: number, end: number): boolean {
    const before = this.code(start - 1);
    if (before === slash || before === backslash) return true;
    const last = this.code(end - 1);
    return (last === 115 || last === 120) && /\.[cm]?[jt]sx?$/.test(this.text.slice(Math.max(start, end - 5), end));
  }

  private urlParameter(from: number): number {
    const to = this.endOf(parameterEnds, from);
    return to - from >= shortestUrlSecret ? this.replace(from, to) : to;
  }

  /** The value behind a separator, of the name in `[start, end)`. */
  private value(separatorEnd: number, start: number, end: number, countable: boolean): number {
    const { text } = this;
    const from = this.blanks(separatorEnd);
    const code = this.code(from);
    if (code < 0) return this.length;
    const escapes = code === backslash ? this.backslashes(from) : 0;
    const quote = this.code(from + escapes);
    if (isQuote(quote)) {
      const inside = from + escapes + 1;
      return this.replace(inside, this.closingQuote(inside, quote, escapes));
    }
    if (this.isRedacted(from)) return from + redactedText.length;
    if (code === openBracket || code === openBrace) return this.replace(from, this.endOfContainer(from));
    if (this.isWholeLineHeader(start, end)) return this.headerValue(from);
    const to = this.endOf(valueEnds, from);
    if (to - from > 16) return this.replace(from, to);
    if (emptyBeginnings[code] === 1 && emptyValues.has(text.slice(from, to))) return to;
    if (countable && code >= 48 && code <= 57 && /^\d+(?:\.\d+)?$/.test(text.slice(from, to))) return to;
    return this.replace(from, to);
  }

  /** `http.request.header.cookie` is one as well. */
  private isWholeLineHeader(start: number, end: number): boolean {
    if (!isIn(headerEndings, this.code(end - 1) | 32)) return false;
    for (const name of wholeLineHeaders) {
      const from = end - name.length;
      if (from < start || (from > start && this.code(from - 1) !== dot)) continue;
      if (this.is(name, from, end)) return true;
    }
    return false;
  }

  /** `Bearer` and `Basic` stay, and what follows their one word; of anything else, nothing. */
  private headerValue(from: number): number {
    const scheme = this.skip(alphabets.alphanumeric, from);
    if (scheme - from === 5 || scheme - from === 6) {
      const token = this.blanks(scheme);
      if (token > scheme && (this.is("bearer", from, scheme) || this.is("basic", from, scheme))) {
        if (this.isRedacted(token)) return token + redactedText.length;
        const tokenEnd = this.skip(tokenCharacters, token);
        if (tokenEnd > token) return this.replace(token, tokenEnd);
      }
    }
    return this.replace(from, this.endOfHeader(from));
  }

  /** `["Authorization", "Token …", …]`: names and values in turn, as Node.js has them in `rawHeaders`. */
  private pairOfHeader(start: number, end: number, afterComma: number): number {
    if (!wholeLineHeaders.has(this.text.slice(start, end).toLowerCase())) return 0;
    return this.value(afterComma, end, end, false);
  }

  private sqlPassword(start: number, end: number, quoteAt: number): number {
    const identified = this.is("by", start, end) && this.is("identified", this.previousStart, this.previousEnd);
    if (!identified && this.kindOfName(start, end) === undefined) return 0;
    return this.replace(quoteAt + 1, this.closingQuote(quoteAt + 1, singleQuote, 0));
  }

  /** `<password>…</password>`. */
  private element(start: number, end: number): number {
    if (this.code(start - 1) !== lessThan) return 0;
    if (this.kindOfName(start, end) === undefined) return 0;
    const close = this.text.indexOf("<", end + 1);
    const to = close < 0 ? this.length : close;
    this.steps += to - end;
    return this.replace(end + 1, to);
  }

  /** `password%3Dx%26…`, `%22password%22%3A%22two%20words%22`: a URL or JSON inside a URL's parameter. */
  private encodedValue(start: number, end: number): number {
    let position = end;
    let escaped = this.escaped(position);
    if (escaped === doubleQuote) escaped = this.escaped((position += 3));
    if (escaped !== equals && escaped !== colon) return 0;
    position += 3;
    // What `%22` and the like leave in front of the name is no letter.
    if (this.kindOfName(start, end) === undefined) return 0;
    while (this.escaped(position) === space) position += 3;
    const quoted = this.escaped(position) === doubleQuote;
    if (quoted) position += 3;
    const from = position;
    for (; position < this.length; position += 1) {
      const code = this.code(position);
      if (isIn(parameterEnds, code)) break;
      if (code !== percent) continue;
      const inside = this.escaped(position);
      if (inside === doubleQuote) break;
      if (!quoted && (inside === ampersand || inside === semicolon || inside === comma)) break;
    }
    return this.replace(from, position);
  }

  /** `--token X`, and `-p X` of the programs that take a password by it. */
  private commandLine(start: number, end: number): number {
    const { text, rules } = this;
    if (!rules.isOn.commandLines) return 0;
    if (this.code(start) !== hyphen) {
      if (end - start > 16 || end - start < 4) return 0;
      const name = text.slice(start, end);
      const program =
        name === "login" && this.is("docker", this.previousStart, this.previousEnd) ? "docker-login" : name;
      this.passwordOption = passwordOptions.get(program) ?? this.passwordOption;
      return 0;
    }
    if (this.passwordOption === "-u" && text.startsWith("--user", start) && end === start + 6) {
      return this.shortOption(end, end);
    }
    if (this.passwordOption !== "" && text.startsWith(this.passwordOption, start)) {
      return this.shortOption(start + this.passwordOption.length, end);
    }
    const from = this.blanks(end);
    if (from === end || this.code(from) === hyphen) return 0;
    if (this.kindOfName(start, end) === undefined) return 0;
    return this.argument(from);
  }

  private shortOption(from: number, end: number): number {
    const joined = from < end;
    const value = joined ? from : this.blanks(end);
    if (value === end && !joined) {
      const code = this.code(end);
      return isQuote(code) ? this.argument(end) : 0;
    }
    if (this.passwordOption !== "-u") return this.argument(value);
    // User and password, of which the user may be read.
    const to = this.endOf(valueEnds, value);
    for (let position = value; position < to; position += 1) {
      if (this.code(position) === colon) return this.replace(position + 1, to);
    }
    return to;
  }

  private argument(from: number): number {
    const code = this.code(from);
    if (isQuote(code)) return this.replace(from + 1, this.closingQuote(from + 1, code, 0));
    return this.replace(from, this.endOf(valueEnds, from));
  }

  /** Mail addresses keep three characters and the domain; Go's `user:password@tcp(…)` keeps the user. */
  private atSign(position: number): number {
    const { text, rules } = this;
    const lowest = Math.max(this.copied, position - 64);
    if (rules.isOn.urlCredentials && this.code(position + 4) === openParenthesis && this.lastColon >= this.copied) {
      if (["tcp", "udp"].includes(text.slice(position + 1, position + 4))) {
        return this.replace(this.lastColon + 1, position);
      }
    }
    if (!rules.isOn.mailAddresses) return position + 1;
    const domainEnd = Math.min(this.skip(mailDomain, position + 1), position + 256);
    if (domainEnd - position < 4) return position + 1;
    let from = position;
    while (from > lowest && isIn(mailLocal, this.inside(from - 1))) from -= 1;
    this.steps += position - from;
    if (from === position || (position - from === 3 && text.startsWith("git", from))) return position + 1;
    if (!this.isDomain(position + 1, domainEnd)) return position + 1;
    const kept = Math.min(from + 3, position);
    this.out += `${text.slice(this.copied, kept)}***`;
    this.copied = position;
    return position + 1;
  }

  /** Two to nine labels of at most 63 characters. The last one is a word, unlike that of `pino@10.4.0`. */
  private isDomain(from: number, to: number): boolean {
    let end = to;
    // The end of a sentence, or a dash behind it.
    while (end > to - 2 && end > from && (this.inside(end - 1) === dot || this.inside(end - 1) === hyphen)) end -= 1;
    if (this.inside(from) === hyphen) return false;
    let labels = 1;
    let label = from;
    for (let position = from; position < end; position += 1) {
      if (this.inside(position) !== dot) continue;
      if (position === label || position - label > 63) return false;
      labels += 1;
      label = position + 1;
    }
    this.steps += end - from;
    const initial = this.inside(label) | 32;
    return labels > 1 && labels <= 9 && end - label >= 2 && end - label <= 63 && initial >= 97 && initial <= 122;
  }
}

class CountingScan extends TextScan {
  protected override code(position: number): number {
    this.steps += 1;
    return super.code(position);
  }
}
