import { RE2JS } from "re2js";
import { normalized, type KeyRule } from "./secret-keys.ts";
import { redactedText, textRules, type TextRule } from "./scan-text.ts";

/** What a team adds to the built-in rules of redaction, and takes away from them. */
export interface RedactionOptions {
  /**
   * Names of fields whose value is a secret as well. Letters and digits count: `employeeNumber` is `employee_number`
   * and `Employee-Number` too.
   */
  readonly keys?: readonly string[];
  /** Names of fields whose value stays, compared in the same way, whatever the other rules say of the name. */
  readonly allow?: readonly string[];
  /**
   * What else is replaced in any text. The expressions run by the rules of RE2, in time proportional to the text, so
   * there are no back-references and no look-around.
   */
  readonly patterns?: readonly (RegExp | PatternRule)[];
  /** Built-in rules for texts that are switched off. */
  readonly without?: readonly TextRule[];
}

/** An expression and what stands in place of what it finds. */
export interface PatternRule {
  readonly pattern: RegExp;
  /** `$1` and the like are groups of the expression. @default "[REDACTED]" */
  readonly replacement?: string;
}

/** The options as the scan needs them. */
export interface UserRules {
  /** The built-in rule for names with the users' in front of it. */
  readonly withKeys: (builtIn: KeyRule) => KeyRule;
  /** Applies the users' expressions to a text. */
  readonly replace: (text: string) => string;
  readonly isOn: Readonly<Record<TextRule, boolean>>;
}

/**
 * Reads the options. What cannot be used is reported and left out: a library does not keep a service from starting.
 *
 * @param report gets one line for each problem
 */
export function readUserRules(options: RedactionOptions, report: (problem: string) => void): UserRules {
  const keys = namesOf("keys", options.keys, report);
  const allowed = namesOf("allow", options.allow, report);
  const patterns = listOf("patterns", options.patterns, report).flatMap((given, at) => {
    const rule = patternOf(given, `redaction.patterns[${at}]`, report);
    return rule === undefined ? [] : [rule];
  });
  const off = new Set(
    listOf("without", options.without, report).filter((name, at): name is TextRule => {
      const isKnown = textRules.some((known) => known === name);
      if (!isKnown) {
        report(
          `redaction.without[${at}]: must be one of ${textRules.join(", ")}, got ${shown(name)}; it is left out, nothing is switched off by it`,
        );
      }
      return isKnown;
    }),
  );
  return {
    withKeys: (builtIn) =>
      keys.size + allowed.size === 0
        ? builtIn
        : (within, from, to) => {
            const name = normalized(within.text.slice(from, to));
            if (allowed.has(name)) return undefined;
            return keys.has(name) ? "secret" : builtIn(within, from, to);
          },
    replace: (text) => patterns.reduce((current, apply) => apply(current), text),
    isOn: {
      privateKeys: !off.has("privateKeys"),
      authSchemes: !off.has("authSchemes"),
      jsonWebTokens: !off.has("jsonWebTokens"),
      urlCredentials: !off.has("urlCredentials"),
      knownFormats: !off.has("knownFormats"),
      namedValues: !off.has("namedValues"),
      commandLines: !off.has("commandLines"),
      mailAddresses: !off.has("mailAddresses"),
    },
  };
}

/** Options come from plain JavaScript too, so their types are looked at. */
function listOf(name: string, given: unknown, report: (problem: string) => void): readonly unknown[] {
  if (given === undefined) return [];
  if (Array.isArray(given)) return given as unknown[];
  report(`redaction.${name}: must be a list, got ${shown(given)}; it is left out`);
  return [];
}

function namesOf(name: string, given: unknown, report: (problem: string) => void): ReadonlySet<string> {
  const names = listOf(name, given, report).flatMap((key, at) => {
    const letters = typeof key === "string" ? normalized(key) : "";
    if (letters === "") {
      report(`redaction.${name}[${at}]: must be the name of a field, got ${shown(key)}; it is left out`);
    }
    return letters === "" ? [] : [letters];
  });
  return new Set(names);
}

function patternOf(
  given: unknown,
  path: string,
  report: (problem: string) => void,
): ((text: string) => string) | undefined {
  const { pattern, replacement = redactedText } =
    given instanceof RegExp ? { pattern: given } : ((given ?? {}) as Partial<PatternRule>);
  if (!(pattern instanceof RegExp) || typeof replacement !== "string") {
    report(`${path}: must be a regular expression or { pattern, replacement }, got ${shown(given)}; it is left out`);
    return undefined;
  }
  try {
    const flags =
      (pattern.ignoreCase ? RE2JS.CASE_INSENSITIVE : 0) |
      (pattern.multiline ? RE2JS.MULTILINE : 0) |
      (pattern.dotAll ? RE2JS.DOTALL : 0);
    const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern.source), flags);
    if (compiled.matcher("").matches()) {
      report(`${path}: must not match the empty text, got ${String(pattern)}; it is left out`);
      return undefined;
    }
    return (text) => compiled.matcher(text).replaceAll(replacement);
  } catch (error) {
    report(
      `${path}: must be an expression of RE2, got ${String(pattern)} (${error instanceof Error ? error.message : "no reason given"}); write it without look-around and back-references; it is left out`,
    );
    return undefined;
  }
}

function shown(value: unknown): string {
  try {
    const text: unknown = JSON.stringify(value);
    return typeof text === "string" ? text : typeof value;
  } catch {
    return typeof value;
  }
}
