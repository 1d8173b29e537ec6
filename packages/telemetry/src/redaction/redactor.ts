import { types } from "node:util";
import { charactersOf, longestText } from "./characters.ts";
import { redactedText, scanText, type ScanRules } from "./scan-text.ts";
import { kindOfKey, longestKey, normalized, type KeyKind, type KeyRule } from "./secret-keys.ts";
import { readUserRules, type RedactionOptions } from "./user-rules.ts";

/** Takes secrets out of texts and values. It never throws, and never changes what it is given. */
export interface Redactor {
  /** The text with everything that looks like a secret replaced, cut to {@link longestText}. */
  readonly text: (text: string) => string;
  /**
   * A copy, of which JSON can hold everything, without secrets at any depth: by the name of a field, by its place beside
   * a name, or by what it looks like.
   */
  readonly value: (value: unknown) => unknown;
  /**
   * Runs something during which a text counts as redacted: it was put together of parts that are. So a line of the log
   * is looked through once, on its way to stdout and to the receiver.
   */
  readonly knowing: <Result>(redacted: string, run: () => Result) => Result;
  /** Whether a text is one that {@link Redactor.knowing} runs with. */
  readonly isKnown: (text: unknown) => boolean;
}

/** Of a value: most characters of all its texts, most parts, most nesting, and most parts of one list or object. */
const limits = { characters: 256 * 1024, parts: 10_000, depth: 32, entries: 1_000 } as const;

/** Names of lists in which names and values take turns, as in Node.js' `rawHeaders`. */
const alternating = /^raw(?:headers|trailers)$/;

/** A name of a header, by which a list is known to be one of names and values in turn. */
const headerName = /^(?:(?:proxy-|x-)?authorization|(?:set-)?cookie|x-[a-z-]{0,40}(?:auth|key|token|secret))$/i;

/** Attributes that hold a statement of SQL (opentelemetry.io/docs/specs/semconv/db), by their old names too. */
const statementKeys: ReadonlySet<string> = new Set(["db.query.text", "db.statement"]);

/** Makes a redactor of the built-in rules and what users add to them; problems of the options are reported. */
export function createRedactor(
  options: RedactionOptions = {},
  report: (problem: string) => void = () => undefined,
): Redactor {
  const user = readUserRules(options, report);
  const rules: ScanRules = { kindOfKey: user.withKeys(kindOfKey), isOn: user.isOn };
  const scanned = (given: string): string => user.replace(scanText(cutText(given, longestText), rules));
  // Most short texts are the same for every request. One that had a secret in it is not kept.
  const harmless = new Set<string>();
  const text = (given: string): string => {
    if (given.length > longestRemembered) return scanned(given);
    if (harmless.has(given)) return given;
    const redacted = scanned(given);
    if (redacted === given) {
      if (harmless.size >= mostRemembered) harmless.clear();
      harmless.add(detached(given));
    }
    return redacted;
  };
  const nameOf = remembering((key) => judged(key, rules.kindOfKey, text));
  let known: string | undefined;
  return {
    text,
    value: (value) => new ValueCopy(nameOf, text, true).copy(value, 0),
    knowing: (redacted, run) => {
      const before = known;
      known = redacted;
      try {
        return run();
      } finally {
        known = before;
      }
    },
    isKnown: (given) => given === known && known !== undefined,
  };
}

/** How many short texts and names are remembered at most, and how long these are, in characters. */
const mostRemembered = 1000;
const longestRemembered = 64;

/** What the name of a field says about its value, and what becomes of the name. */
interface FieldName {
  /** The name as it leaves: it is a text too, and may hold anything. */
  readonly written: string;
  readonly kind: KeyKind | undefined;
  /** Of which other field, or of what else, it speaks. */
  readonly role: "name" | "pairs" | "query" | "statement" | "value" | undefined;
}

/** Judges the name of a field. */
type NameRule = (key: string) => FieldName;

function judged(key: string, kindOfKey: KeyRule, text: (text: string) => string): FieldName {
  return { written: text(key), kind: kindOfKey(charactersOf(key)), role: roleOf(key) };
}

function roleOf(key: string): FieldName["role"] {
  if (key.length > longestRemembered) return undefined;
  if (key === "name" || key === "key" || key === "header") return "name";
  if (key === "value" || key === "values") return "value";
  if (key === "url.query") return "query";
  if (statementKeys.has(key)) return "statement";
  return alternating.test(normalized(key)) ? "pairs" : undefined;
}

/** A rule that judges a name once: names of fields are few, and come with every request. */
function remembering(rule: NameRule): NameRule {
  const names = new Map<string, FieldName>();
  return (key) => {
    const known = names.get(key);
    if (known !== undefined) return known;
    const name = rule(key);
    if (key.length > longestRemembered) return name;
    if (names.size >= mostRemembered) names.clear();
    names.set(detached(key), name);
    return name;
  };
}

/** Shortest text that V8 may represent as a part of another one, in characters. */
const shortestSlice = 13;

/** The same text with memory of its own: one that was cut out of a large text would keep all of that. */
function detached(text: string): string {
  if (text.length < shortestSlice) return text;
  const copy = Buffer.from(text, "latin1").toString("latin1");
  return copy === text ? copy : Buffer.from(text, "utf16le").toString("utf16le");
}

/** Finds nothing secret, so that a copy only does away with what else it has to. */
const onlyBounds = remembering((key) => judged(key, () => undefined, cutLong));

function cutLong(text: string): string {
  return cutText(text, longestText);
}

/**
 * A copy of a value, of which JSON can hold everything, in bounded time and size: 32 levels, 1,000 entries of a list or
 * an object, 10,000 parts, 65,536 characters of a text. Never throws, whatever getters, proxies and `toJSON` do.
 */
export function boundedCopy(value: unknown): unknown {
  return new ValueCopy(onlyBounds, cutLong, false).copy(value, 0);
}

/** Cuts a text that is too long between two words, so that no half of a secret is left at its end. */
export function cutText(text: string, longest: number): string {
  if (text.length <= longest) return text;
  let end = longest;
  while (end > longest - 1024 && /\S/.test(text.charAt(end - 1))) end -= 1;
  if (end === longest - 1024) end = longest;
  return `${text.slice(0, end)} [cut, ${text.length} characters]`;
}

class ValueCopy {
  private readonly nameOf: NameRule;
  private readonly text: (text: string) => string;
  /** OTLP has bytes, JSON has none. */
  private readonly keepsBytes: boolean;
  private readonly ancestors: object[] = [];
  private characters = 0;
  private parts = 0;

  constructor(nameOf: NameRule, text: (text: string) => string, keepsBytes: boolean) {
    this.nameOf = nameOf;
    this.text = text;
    this.keepsBytes = keepsBytes;
  }

  copy(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case "string":
        return this.string(value);
      case "bigint":
        return value.toString();
      case "symbol":
      case "function":
        return undefined;
      case "object":
        return value === null ? null : this.guarded(value, depth);
      default:
        return value;
    }
  }

  private string(value: string): string {
    const room = limits.characters - this.characters;
    // Ids and the like are worth more than their room.
    if (room <= 0 && value.length > 128) return "[cut]";
    this.characters += Math.min(value.length, longestText);
    return this.text(value.length > room ? cutText(value, Math.max(room, 1024)) : value);
  }

  /** Objects of others may throw wherever they are touched: getters, proxies, `toJSON`. */
  private guarded(value: object, depth: number): unknown {
    if (depth > limits.depth) return "[too deep]";
    if (this.ancestors.includes(value)) return "[Circular]";
    this.parts += 1;
    if (this.parts > limits.parts) return "[cut]";
    this.ancestors.push(value);
    try {
      return this.object(value, depth);
    } catch {
      return "[unreadable]";
    } finally {
      this.ancestors.pop();
    }
  }

  private object(value: object, depth: number): unknown {
    if (Array.isArray(value)) return this.list(value, depth);
    if (value instanceof Uint8Array) return this.bytes(value);
    if (value instanceof Map) return this.fields(value.entries(), depth);
    if (value instanceof Set) return this.list([...firstOf(value, limits.entries)], depth);
    if (types.isNativeError(value) || value instanceof Error) return this.error(value, depth);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
    if (value instanceof Headers || value instanceof URLSearchParams) return this.fields(value.entries(), depth);
    if (hasToJson(value)) {
      const json = value.toJSON("");
      if (json !== value) return this.copy(json, depth + 1);
    }
    return this.own(value, depth);
  }

  /** Bytes are read as text, as most that are logged are one. */
  private bytes(value: Uint8Array): unknown {
    if (!this.keepsBytes || value.byteLength > longestText) return `[${value.byteLength} bytes]`;
    const read = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("latin1");
    return this.string(read) === read ? value : redactedText;
  }

  private error(value: Error, depth: number): unknown {
    const { name, message, stack, cause } = value;
    const own = [...entriesOf(value)].filter(([key]) => !["name", "message", "stack", "cause"].includes(key));
    const known: [string, unknown][] = [
      ["type", typeof name === "string" ? name : "Error"],
      ["message", message],
      ["stack", stack],
      ...(cause === undefined ? [] : ([["cause", cause]] as [string, unknown][])),
    ];
    return this.fields([...known, ...own], depth);
  }

  private fields(entries: Iterable<readonly [unknown, unknown]>, depth: number): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    let number = 0;
    let namedPair: KeyKind | undefined;
    for (const [name, inner] of entries) {
      number += 1;
      if (number > limits.entries) {
        copy["[cut]"] = "more fields";
        break;
      }
      namedPair = this.field(copy, typeof name === "string" ? name : String(name), inner, namedPair, depth);
    }
    return copy;
  }

  /** {@link fields} of an object's own; one whose getter throws is said to be unreadable, and the others are read. */
  private own(value: object, depth: number): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    let number = 0;
    let namedPair: KeyKind | undefined;
    for (const key of Object.keys(value)) {
      number += 1;
      if (number > limits.entries) {
        copy["[cut]"] = "more fields";
        break;
      }
      namedPair = this.field(copy, key, readField(value, key), namedPair, depth);
    }
    return copy;
  }

  /**
   * Copies one field. A name such as in `{ name: "DB_PASSWORD", value: "…" }`, as containers have their variables and
   * archives their headers, speaks about the value behind it.
   *
   * @returns what such a name has said so far
   */
  private field(
    copy: Record<string, unknown>,
    key: string,
    inner: unknown,
    namedPair: KeyKind | undefined,
    depth: number,
  ): KeyKind | undefined {
    const { written, kind: own, role } = this.nameOf(key);
    this.characters += key.length;
    const kind = own ?? (role === "value" ? namedPair : undefined);
    const hidden = kind !== undefined && isHidden(inner, kind);
    const value = hidden ? redactedText : this.inner(role, inner, depth);
    // An assignment to this one would set the prototype; to all others it is what a definition is, and much faster.
    if (written === "__proto__") {
      Object.defineProperty(copy, written, { value, enumerable: true, configurable: true, writable: true });
    } else {
      copy[written] = value;
    }
    return role === "name" && typeof inner === "string" ? this.kindOf(inner) : namedPair;
  }

  /** What a text says as a name; the end of a long one decides. */
  private kindOf(name: string): KeyKind | undefined {
    return this.nameOf(name.slice(-longestKey)).kind;
  }

  private inner(role: FieldName["role"], value: unknown, depth: number): unknown {
    if (typeof value === "string") return this.named(role, value);
    if (role === "pairs" && Array.isArray(value)) return this.guardedPairs(value, depth + 1);
    return this.copy(value, depth + 1);
  }

  /** A text of which the name says what it is a part of. */
  private named(role: FieldName["role"], value: string): unknown {
    // Only there a parameter follows a question mark, and is known to be one by that.
    if (role === "query") {
      const redacted = this.string(`?${value}`);
      return redacted.startsWith("?") ? redacted.slice(1) : redacted;
    }
    return this.string(role === "statement" ? hideLiterals(value) : value);
  }

  private guardedPairs(value: readonly unknown[], depth: number): unknown {
    try {
      return this.pairs(value, depth);
    } catch {
      return "[unreadable]";
    }
  }

  private list(value: readonly unknown[], depth: number): unknown {
    const isPairs =
      value.length % 2 === 0 &&
      value
        .slice(0, limits.entries)
        .some((name, at) => at % 2 === 0 && typeof name === "string" && headerName.test(name));
    if (isPairs) return this.pairs(value, depth);
    const copy: unknown[] = [];
    let optionKind: KeyKind | undefined;
    for (const inner of firstOf(value, limits.entries)) {
      const hidden = optionKind !== undefined && typeof inner === "string" && !inner.startsWith("-");
      copy.push(hidden ? redactedText : this.copy(inner, depth + 1));
      // `["--token", "…"]`, as processes have their arguments.
      optionKind =
        typeof inner === "string" && inner.startsWith("--") && inner.length < 128 ? this.kindOf(inner) : undefined;
    }
    if (value.length > limits.entries) copy.push(`[cut, ${value.length} entries]`);
    return copy;
  }

  private pairs(value: readonly unknown[], depth: number): unknown[] {
    return [...firstOf(value, limits.entries)].map((inner, at, all) => {
      const name = at % 2 === 1 ? all[at - 1] : undefined;
      const kind = typeof name === "string" ? this.kindOf(name) : undefined;
      return kind !== undefined && isHidden(inner, kind) ? redactedText : this.copy(inner, depth + 1);
    });
  }
}

/** Literals of SQL: in quotes, and in PostgreSQL's dollars. One that does not end goes to the end. */
const literals = /'[^']*(?:'|$)|\$\$[^$]*(?:\$\$|$)/g;

/** Where only values can be: MySQL has them in double quotes as well, which are around names elsewhere. */
const literalsOfValues = new RegExp(`"[^"]*(?:"|$)|${literals.source}`, "g");

/** Columns stand apart from their values in SQL, so all literals go if any name in the statement is that of a secret. */
function hideLiterals(statement: string): string {
  const start = cutText(statement, longestText);
  if (!/pass|pwd|secret|token|credential|api_?key|private|auth|identified/i.test(start)) return start;
  // A quote after a backslash ends a literal in one dialect and not in another: nothing behind the first quote is sure.
  const sure = start.includes("\\'") ? start.indexOf("'") : start.length;
  const values = start.search(/\bvalues\b/i);
  const names = values === -1 ? sure : Math.min(values, sure);
  const hidden = `'${redactedText}'`;
  return [
    start.slice(0, names).replace(literals, hidden),
    start.slice(names, sure).replace(literalsOfValues, hidden),
    sure < start.length ? hidden : "",
  ].join("");
}

/** What says nothing stays: whether there is a password, or how many tokens there are. */
function isHidden(value: unknown, kind: KeyKind): boolean {
  if (value === null || value === undefined || typeof value === "boolean" || value === "") return false;
  return !(kind === "countable" && typeof value === "number");
}

function hasToJson(value: object): value is { toJSON: (key: string) => unknown } {
  return "toJSON" in value && typeof value.toJSON === "function";
}

function* firstOf<Item>(items: Iterable<Item>, most: number): Generator<Item> {
  let number = 0;
  for (const item of items) {
    if (number === most) return;
    number += 1;
    yield item;
  }
}

/** Own fields, as {@link readField} reads them. */
function* entriesOf(value: object): Generator<[string, unknown]> {
  for (const key of Object.keys(value)) yield [key, readField(value, key)];
}

function readField(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    return "[unreadable]";
  }
}

const builtIn = createRedactor();

/** Text with everything that looks like a secret replaced by the built-in rules, cut to 65,536 characters. */
export function redactText(text: string): string {
  return builtIn.text(text);
}

/** A copy of a value in which the built-in rules leave no secret, at any depth. Never throws. */
export function redact(value: unknown): unknown {
  return builtIn.value(value);
}
