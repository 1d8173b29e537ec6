import { z } from "zod";
import { complaint, hiddenComplaint } from "./problem.ts";
import { hostPorts, nameOfSecret } from "./rules.ts";

/*
 * The kinds of fields that the settings are made of. A field has one rule, in words of its own, for whatever is wrong
 * with its value: a type, a range or a pattern.
 */

/** What zod says of a value, whichever of a field's checks fails. */
function told(rule: string, change: string): { error: (issue: { readonly input?: unknown }) => string } {
  return { error: ({ input }) => complaint(rule, input, change) };
}

/** What a whole number has to be, in words. */
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
export function hostPort(usual: number): z.ZodDefault<z.ZodInt> {
  return wholeNumber({ ...hostPorts, change: `choose one that is free, for example ${usual}` }).default(usual);
}

/** A container's memory limit; `least` is what holds the component. */
export function memoryMib(component: string, least: number, usual: number): z.ZodDefault<z.ZodInt> {
  const because = `less cannot hold ${component}`;
  const change = `give it at least ${least}, for example ${usual}`;
  return wholeNumber({ least, most: 1024 ** 2, unit: "MiB", because, change }).default(usual);
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

/** Text that fits a pattern. */
export function text(rule: { readonly pattern: RegExp; readonly rule: string; readonly change: string }): z.ZodString {
  const words = told(rule.rule, rule.change);
  return z.string(words).regex(rule.pattern, words);
}

/** Environment variables by name. */
export function variables(): z.ZodRecord<z.ZodString, z.ZodString> {
  const name = told("must be a name for a variable (letters, digits and _, no digit first)", "give it such a name");
  const all = told("must be variables by name", "write `NAME: value` below it, or leave it out");
  return z.record(
    z.string().regex(/^[A-Za-z_]\w*$/),
    z.string(told("must be text", "put the value in quotes")),
    // The record reports a name that breaks its rule, with the name as the input.
    { error: (issue) => (issue.code === "invalid_key" ? name : all).error(issue) },
  );
}

/** Text by name, of any words. */
export function record(what: string, change: string): z.ZodRecord<z.ZodString, z.ZodString> {
  const value = z.string(told("must be text", "put the value in quotes"));
  return z.record(z.string(), value, told(`must be ${what}`, change));
}

/** A list whose entries each have their own rules. */
export function list<Entry extends z.ZodType>(entry: Entry, what: string, change: string): z.ZodArray<Entry> {
  return z.array(entry, told(`must be a list of ${what}`, change));
}

/** A list of names that fit a pattern. */
export function names(
  what: string,
  rule: { readonly pattern: RegExp; readonly rule: string },
  change: string,
): z.ZodArray<z.ZodString> {
  return list(text({ ...rule, change }), what, change);
}

/** Secrets by name. No message shows one. */
export function secretTexts(): z.ZodRecord<z.ZodString, z.ZodString> {
  const name = told(nameOfSecret.rule, nameOfSecret.change);
  const hidden = (rule: string, change: string): string => hiddenComplaint(rule, change);
  const value = { error: () => hidden("must be text of 1 to 65536 characters", "set one that fits") };
  const set = "npm run pulumi -- config set --secret --path 'observability:secrets.NAME'";
  return z
    .record(z.string().regex(nameOfSecret.pattern), z.string(value).min(1, value).max(65536, value), {
      // The record reports a name that breaks its rule, with the name as the input.
      error: (issue) =>
        issue.code === "invalid_key" ? name.error(issue) : hidden("must be secrets by name", `set one by \`${set}\``),
    })
    .meta({ secret: true });
}

/** A group in the language of another program, which knows what may be in it. */
export function foreign(what: string, change: string): z.ZodRecord<z.ZodString, z.ZodUnknown> {
  return z.record(z.string(), z.unknown(), told(`must be ${what}`, change));
}

/** A list of groups in the language of another program, with fields that each of them has. */
export function foreignList<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  { one, several, change }: { readonly one: string; readonly several: string; readonly change: string },
): z.ZodArray<z.ZodObject<Shape, z.core.$loose>> {
  return z.array(z.looseObject(shape, told(`must be ${one}`, change)), told(`must be ${several}`, change));
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
