/** What stands in place of a secret. */
export const redactedText = "[REDACTED]";

/** Words of a key that say that its value is a secret; two words must follow each other. */
const secretWords: readonly (readonly string[])[] = [
  ["password"],
  ["passwd"],
  ["passphrase"],
  ["pwd"],
  ["secret"],
  ["secrets"],
  ["token"],
  ["jwt"],
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
  ["session", "id"],
  ["sessionid"],
  ["dsn"],
  ["connection", "string"],
];

/** Last words of a key that speak about a secret without giving it away, as in `token_count`. */
const harmlessEndings: ReadonlySet<string> = new Set([
  "count",
  "counts",
  "expiry",
  "length",
  "limit",
  "max",
  "min",
  "name",
  "total",
  "ttl",
  "type",
  "usage",
  "used",
]);

/** Whether the name of a field says that its value is a secret: `apiKey`, `DB_PASSWORD`, `x-api-key`. */
export function isSecretKey(key: string): boolean {
  const words = wordsOf(key);
  if (harmlessEndings.has(words.at(-1) ?? "")) return false;
  return secretWords.some((secret) =>
    words.some((_, start) => secret.every((word, offset) => words[start + offset] === word)),
  );
}

/** `apiKey`, `API_KEY`, `x-api-key` as lower-case words. */
function wordsOf(key: string): string[] {
  return key
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
}

/** What a secret in the middle of a text looks like, and what is left of it. All repetitions are bounded. */
const patterns: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{0,20000}?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, redactedText],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9\-._~+/]{6,}=*/gi, `$1 ${redactedText}`],
  // JSON web tokens, signed or not.
  [/\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{2,}(?:\.[A-Za-z0-9_-]*)?/g, redactedText],
  // The password of a URL of any scheme.
  [/\b([a-z][a-z0-9+.-]{1,30}:\/\/[^\s/:@"']{0,200}):[^\s/@"']{1,200}@/gi, `$1:${redactedText}@`],
  // AWS, GitHub, Slack, OpenAI and Stripe, Google.
  [
    /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,255}\b|\bxox[abpr]-[A-Za-z0-9-]{10,200}|\bsk[-_][A-Za-z0-9_-]{20,200}|\bAIza[A-Za-z0-9_-]{35}/g,
    redactedText,
  ],
  // `password=…`, `api_key: …`, `"token":"…"`; up to the end of the value, not of the line.
  [
    /\b([\w-]{0,40}(?:password|passwd|passphrase|pwd|secret|token|credentials?|authorization|cookie|api[_-]?key|access[_-]?key|private[_-]?key)\\?["']?\s{0,3}[=:]\s{0,3}\\?["']?)(?!\[REDACTED\]|Bearer\s|Basic\s)[^\s"'\\,;&}\]]{1,1000}/gi,
    `$1${redactedText}`,
  ],
  // Mail addresses keep three characters and the domain.
  [/\b([A-Za-z0-9._%+-]{1,3})[A-Za-z0-9._%+-]{0,61}@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})\b/g, "$1***@$2"],
];

/** Text with everything that looks like a secret replaced. */
export function redactText(text: string): string {
  return patterns.reduce((current, [pattern, replacement]) => current.replace(pattern, replacement), text);
}

/** A copy of a JSON value in which no secret is left at any depth: by its key, or by what it looks like. */
export function redact(value: unknown): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(redact);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      redactText(key),
      isSecretKey(key) && inner !== null && typeof inner !== "boolean" ? redactedText : redact(inner),
    ]),
  );
}
