/** What stands in place of a secret. */
export const redactedText = "[REDACTED]";

/** Deepest level that is looked at; what lies below is replaced by a mark, so nothing passes unseen. */
const maxDepth = 12;

const secretWords = [
  ["password"],
  ["passwd"],
  ["passphrase"],
  ["pwd"],
  ["secret"],
  ["secrets"],
  ["token"],
  ["authorization"],
  ["cookie"],
  ["credential"],
  ["credentials"],
  ["apikey"],
  ["api", "key"],
  ["private", "key"],
  ["privatekey"],
  ["access", "key"],
  ["accesskey"],
  ["secret", "key"],
  ["session", "id"],
  ["sessionid"],
  ["dsn"],
  ["connection", "string"],
] as const;

/** `apiKey`, `API_KEY`, `x-api-key` as lower-case words. */
function words(key: string): string[] {
  return key
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
}

/** Whether the name of a field says that its value is a secret. A count or a kind of something secret is none. */
export function isSecretKey(key: string): boolean {
  const found = words(key);
  const last = found.at(-1) ?? "";
  if (["count", "counts", "length", "limit", "type", "name", "expiry", "ttl", "used", "usage", "total", "max", "min"].includes(last)) return false;
  return secretWords.some((secret) =>
    found.some((_, start) => secret.every((word, offset) => found[start + offset] === word)),
  );
}

const patterns: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{0,20000}?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, redactedText],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9\-._~+/]{6,}=*/gi, `$1 ${redactedText}`],
  [/\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{2,}(?:\.[A-Za-z0-9_-]*)?/g, redactedText],
  [/\b([a-z][a-z0-9+.-]{1,30}:\/\/[^\s/:@"']{0,200}):[^\s/@"']{1,200}@/gi, `$1:${redactedText}@`],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,255}\b|\bxox[abpr]-[A-Za-z0-9-]{10,200}|\bsk-[A-Za-z0-9_-]{20,200}|\bAIza[A-Za-z0-9_-]{35}/g, redactedText],
  [/\b([\w-]{0,40}(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)["']?\s{0,3}[=:]\s{0,3}["']?)(?!\[REDACTED\])[^\s"',;&}\]]{1,1000}/gi, `$1${redactedText}`],
  [/\b([A-Za-z0-9._%+-]{1,3})[A-Za-z0-9._%+-]{0,61}@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})\b/g, "$1***@$2"],
];

/** Text with everything that looks like a secret replaced. */
export function redactText(text: string): string {
  return patterns.reduce((current, [pattern, replacement]) => current.replace(pattern, replacement), text);
}

/** A copy of a value, made of plain JSON values, in which no secret is left at any depth. */
export function redact(value: unknown, ancestors: readonly object[] = []): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint" || typeof value === "symbol") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (ancestors.includes(value)) return "[Circular]";
  if (ancestors.length >= maxDepth) return "[Truncated]";
  const inside = [...ancestors, value];
  if (Array.isArray(value)) return value.map((entry) => redact(entry, inside));
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Map) return redactEntries(value.entries(), inside);
  if (value instanceof Set) return [...value].map((entry) => redact(entry, inside));
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Error) return redactError(value, inside);
  return redactEntries(entriesOf(value), inside);
}

function redactEntries(entries: Iterable<[unknown, unknown]>, inside: readonly object[]): Record<string, unknown> {
  return Object.fromEntries(
    [...entries].map(([key, value]) => {
      const name = String(key);
      return [redactText(name), isSecretKey(name) && value !== null && value !== undefined ? redactedText : redact(value, inside)];
    }),
  );
}

function redactError(error: Error, inside: readonly object[]): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  return {
    type: name,
    message: redactText(message),
    stack: redactText(stack ?? ""),
    ...(cause === undefined ? {} : { cause: redact(cause, inside) }),
    ...redactEntries(entriesOf(error), inside),
  };
}

/** Own enumerable entries; a getter that throws gives its error's place instead of ending the log call. */
function entriesOf(value: object): [string, unknown][] {
  return Object.keys(value).map((key) => {
    try {
      return [key, Reflect.get(value, key) as unknown];
    } catch {
      return [key, "[Throws]"];
    }
  });
}
