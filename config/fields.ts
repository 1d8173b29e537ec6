import { z } from "zod";
import { ruleMessage } from "./parse.ts";
import {
  hostPorts,
  nameOfSecret,
  oneLine,
  printable,
  secretLength,
  secretsTogether,
  secretText,
  serviceName,
  variableName,
  type FurtherRule,
  type TextRule,
} from "./rules.ts";

/*
 * The kinds of fields that the settings are made of. A field has one rule, in words of its own, for whatever is wrong
 * with its value: a type, a range or a pattern.
 */

/** The message of a field, whichever of its checks fails. {@link parseWith} adds the value. */
export function told(rule: string, change: string): { readonly error: () => string } {
  return { error: () => ruleMessage(rule, change) };
}

/** Reports what a refinement finds at a path within a group or a list. */
export function report(context: z.core.$RefinementCtx, path: PropertyKey[], rule: string, change: string): void {
  context.addIssue({ code: "custom", path, message: ruleMessage(rule, change) });
}

/**
 * Marks a field that may hold secrets, at any depth, and `false` one within it that does not. No message shows what is
 * written for such a field, or for a group that has one.
 */
export function withSecrets<Field extends z.ZodType>(field: Field, secret = true): Field {
  return field.meta({ secret });
}

/** The limits of a whole number, and what a message says beside them. */
export interface WholeNumberRule {
  readonly least: number;
  readonly most: number;
  /** @default none */
  readonly unit?: string;
  /** Where the limits come from. @default not said */
  readonly because?: string;
  readonly change: string;
}

/** A whole number in a range. */
export function wholeNumber({ least, most, unit, because, change }: WholeNumberRule): z.ZodInt {
  const what = unit === undefined ? "a whole number" : `a whole number of ${unit}`;
  const reason = because === undefined ? "" : ` (${because})`;
  const words = told(`must be ${what} from ${least} to ${most}${reason}`, change);
  return z.int(words).min(least, words).max(most, words);
}

/** A port on the user's machine. */
export function hostPort(preset: number): z.ZodDefault<z.ZodInt> {
  return wholeNumber({ ...hostPorts, change: `choose one that is free, for example ${preset}` }).default(preset);
}

/** A container's memory limit; the component does not work with less than `minimum`. */
export function memoryMib(component: string, minimum: number, preset: number): z.ZodDefault<z.ZodInt> {
  const because = `less cannot hold ${component}`;
  const change = `give it at least ${minimum}, for example ${preset}`;
  return wholeNumber({ least: minimum, most: 1024 ** 2, unit: "MiB", because, change }).default(preset);
}

/** A duration in whole seconds, a month at most. */
export function seconds(preset: number): z.ZodDefault<z.ZodInt> {
  const change = `set for example ${preset}`;
  return wholeNumber({ least: 1, most: 30 * 24 * 3600, unit: "seconds", change }).default(preset);
}

/** A number in a range, with a fraction or without. */
export function number(least: number, most: number, change: string): z.ZodNumber {
  const words = told(`must be a number from ${least} to ${most}`, change);
  return z.number(words).min(least, words).max(most, words);
}

/** `true` or `false`. */
export function flag(): z.ZodBoolean {
  return z.boolean(told("must be true or false", "write true or false, without quotes"));
}

/** Text that fits a pattern and holds nothing that is not seen: a file or a terminal would show another text. */
export function text({ pattern, rule, change, also = [], lines = "one" }: TextRule): z.ZodString {
  const words = told(rule, change);
  return keeping(z.string(words).regex(pattern, words), lines === "one" ? oneLine : printable, ...also);
}

function keeping(field: z.ZodString, ...rules: readonly FurtherRule[]): z.ZodString {
  return rules.reduce((kept, { holds, rule, change }) => kept.refine(holds, told(rule, change)), field);
}

/** The messages of a record, which itself reports a name that breaks its rule. */
function toldOfRecord(name: ReturnType<typeof told>, all: ReturnType<typeof told>): Parameters<typeof z.record>[2] {
  return { error: ({ code }) => (code === "invalid_key" ? name : all).error() };
}

/** Size of texts together, in KiB. */
export function kibOf(texts: readonly string[]): number {
  return texts.reduce((sum, each) => sum + Buffer.byteLength(each), 0) / 1024;
}

/** Longest argument of a process and value of an environment variable, in characters: Linux takes 128 KiB, and a character is up to three bytes. */
const mostInText = 32_768;

/**
 * Most of all arguments of a process, and of all its variables, in KiB: Linux takes 2 MiB of both (execve(2)), and
 * Kubernetes 1.5 MiB of all that there is about a workload (etcd.io/docs/latest/dev-guide/limit).
 */
const mostKibOfProcess = 512;

function fitsProcess(texts: readonly string[]): boolean {
  return kibOf(texts.map((each) => `${each}\0`)) <= mostKibOfProcess;
}

const tooLongForProcess = "put it into a file of the image";

/** Arguments of a process. */
export function processArguments(change: string): z.ZodArray<z.ZodString> {
  const argument = text({
    // C ends a text at NUL.
    pattern: /^[^\0]*$/,
    rule: "must be text without a NUL character",
    change: "write it as text, in quotes",
    lines: "many",
    also: [
      {
        holds: (given) => given.length <= mostInText,
        rule: `must be at most ${mostInText} characters`,
        change: tooLongForProcess,
      },
    ],
  });
  return list(argument, "arguments", change).refine(
    fitsProcess,
    told(`must be at most ${mostKibOfProcess} KiB in all`, tooLongForProcess),
  );
}

/** Environment variables by name. Their values may be secrets. */
export function variables(): z.ZodRecord<z.ZodString, z.ZodString> {
  const name = told(variableName.rule, variableName.change);
  const all = told("must be variables by name", "write `NAME: value` below it, or leave it out");
  const value = told("must be text", "put the value in quotes");
  const short = told(`must be at most ${mostInText} characters`, tooLongForProcess);
  const much = told(`must be at most ${mostKibOfProcess} KiB in all, names included`, tooLongForProcess);
  const text = keeping(z.string(value).max(mostInText, short), printable);
  return withSecrets(
    z
      .record(z.string().regex(variableName.pattern), text, toldOfRecord(name, all))
      .refine((given) => fitsProcess(Object.entries(given).map(([key, text]) => `${key}=${text}`)), much),
  );
}

/** Further rules for the names and the values of a {@link record}. */
export interface RecordRules {
  /** @default nothing more */
  readonly name?: FurtherRule;
  /** @default nothing more */
  readonly value?: FurtherRule;
}

/** Text by name. */
export function record(
  what: string,
  change: string,
  { name = printable, value = printable }: RecordRules = {},
): z.ZodRecord<z.ZodString, z.ZodString> {
  return z.record(
    z.string().refine((text) => printable.holds(text) && name.holds(text)),
    keeping(z.string(told("must be text", "put the value in quotes")), printable, value),
    toldOfRecord(told(name.rule, name.change), told(`must be ${what}`, change)),
  );
}

/** Groups by name. @param name the rule that each name keeps, with a pattern that editors read as well */
export function byName<Own extends z.ZodType>(
  own: Own,
  name: Pick<TextRule, "pattern" | "rule" | "change">,
  what: string,
  change: string,
): z.ZodRecord<z.ZodString, Own> {
  const named = toldOfRecord(told(name.rule, name.change), told(`must be ${what} by name`, change));
  return z.record(z.string().regex(name.pattern), own, named);
}

/** Most services with settings of their own: their names are in queries and in the Collector's configuration. */
const mostServices = 200;

/** What differs for single services, by their `service.name`. @param what that differs, in a word or two: "objectives" */
export function byServiceName<Own extends z.ZodType>(
  own: Own,
  what: string,
  tooMany: string,
): z.ZodRecord<z.ZodString, Own> {
  const name = told(serviceName.rule, "write the name as it stands in Grafana");
  const all = told(`must be ${what} by service.name`, "write a name, and below it what differs");
  const most = told(`must be at most ${mostServices} services`, tooMany);
  return z
    .record(z.string().regex(serviceName.pattern).refine(oneLine.holds), own, toldOfRecord(name, all))
    .refine((given) => Object.keys(given).length <= mostServices, most);
}

/** A list whose entries each have their own rules. */
export function list<Entry extends z.ZodType>(entry: Entry, what: string, change: string): z.ZodArray<Entry> {
  return z.array(entry, told(`must be a list of ${what}`, change));
}

/** A list of names that fit a rule, each once. */
export function names(what: string, rule: Omit<TextRule, "change">, change: string): z.ZodArray<z.ZodString> {
  return list(text({ ...rule, change }), what, change).superRefine((all, context) => {
    for (const [index, name] of all.entries()) {
      if (all.indexOf(name) !== index) report(context, [index], "must be in the list once", "remove it");
    }
  });
}

/** One text that fits a rule, or a list of such texts, each once. */
export function oneOrMore(
  what: string,
  rule: Omit<TextRule, "change">,
  change: string,
): z.ZodUnion<[z.ZodArray<z.ZodString>, z.ZodString]> {
  // The list first: it is what a component for other languages has, where a field has one type.
  return z.union(
    [names(what, rule, change), text({ ...rule, change })],
    told(`${rule.rule}, or a list of ${what}`, change),
  );
}

/** Secrets by name. No message shows one. */
export function secretTexts(): z.ZodRecord<z.ZodString, z.ZodString> {
  const name = told(nameOfSecret.rule, nameOfSecret.change);
  const [ofLength] = secretText;
  const length = told(ofLength.rule, ofLength.change);
  const { mostKib, rule } = secretsTogether;
  const set = "npm run pulumi -- config set --secret --path 'observability:secrets.NAME'";
  const all = told("must be secrets by name", `set one by \`${set}\``);
  // The length as such, so that the schema of the settings has it.
  const limited = z.string(length).min(secretLength.least, length).max(secretLength.most, length);
  const secret = keeping(limited, ...secretText.slice(1));
  return withSecrets(
    z
      .record(z.string().regex(nameOfSecret.pattern), secret, toldOfRecord(name, all))
      .refine((secrets) => kibOf(Object.values(secrets)) <= mostKib, told(rule, "remove what nothing refers to")),
  );
}

/** A group in the language of another program, which knows what may be in it; of so many KiB of YAML at most. */
export function foreign(what: string, change: string, mostKib: number): z.ZodRecord<z.ZodString, z.ZodUnknown> {
  const group = z.record(z.string(), z.unknown(), told(`must be ${what}`, change));
  return withSecrets(group.superRefine(refuseForeign(mostKib)));
}

/** A list of groups in the language of another program, with fields that each of them has; together of so many KiB. */
export function foreignList<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  words: { readonly one: string; readonly several: string; readonly change: string },
  mostKib: number,
): z.ZodArray<z.ZodObject<Shape, z.core.$loose>> {
  const group = z.looseObject(shape, told(`must be ${words.one}`, words.change));
  const several = z.array(group, told(`must be ${words.several}`, words.change));
  return withSecrets(several.superRefine(refuseForeign(mostKib)));
}

/** Refuses what cannot be written as YAML, and more than the file for it has room for. */
function refuseForeign(mostKib: number): (value: unknown, context: z.core.$RefinementCtx) => void {
  return (value, context) => {
    /** Bytes of a value as lines of YAML, each with its indentation. */
    const bytesOf = (inner: unknown, path: string[]): number => {
      if (typeof inner === "object" && inner !== null) {
        return Object.entries(inner).reduce(
          (sum, [key, entry]) => {
            const at = [...path, key];
            if (!printable.holds(key))
              report(context, at, printable.rule.replace("be text", "have a name"), "rename it");
            // A group leaves out what a program has not set; a list cannot.
            if (entry === undefined && Array.isArray(inner))
              report(context, at, "must be a value, as every entry of a list", "leave it out");
            return sum + Buffer.byteLength(key) + bytesOf(entry, at);
          },
          lineBytes(path, ""),
        );
      }
      if (typeof inner === "string" && !printable.holds(inner)) report(context, path, printable.rule, printable.change);
      if (typeof inner === "number" && !Number.isFinite(inner)) {
        report(context, path, "must be a finite number", "write it in digits");
      }
      return lineBytes(path, String(inner));
    };
    if (bytesOf(value, []) <= mostKib * 1024) return;
    report(context, [], `must be at most ${mostKib} KiB of YAML`, "leave out what is not needed");
  };
}

function lineBytes(path: readonly string[], text: string): number {
  const lines = text.split("\n").length;
  return Buffer.byteLength(text) + lines * (2 * path.length + ": \n".length);
}

/** Settings under a common name. Any other key is a problem, see parse.ts. */
export function group<Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape).join(", ");
  return z.strictObject(
    shape,
    told("must be a group of settings", `write its settings (${known}) below it, or leave it out`),
  );
}

/** One of a few words. */
export function choice<const Word extends string>(
  words: readonly [Word, ...Word[]],
): z.ZodEnum<{ [Key in Word]: Key }> {
  return z.enum(words, told(`must be one of ${words.join(", ")}`, `write ${words[0]}, or leave it out`));
}
