/**
 * What the name of a field says about its value: `secret`, or `countable`, for names such as `tokens` or `pass` whose
 * value is a secret unless it is a number.
 */
export type KeyKind = "secret" | "countable";

/** Decides by the name of a field. */
export type KeyRule = (key: string) => KeyKind | undefined;

/** Words that make any key with them one of a secret, wherever in the key they are; a plural `s` may follow. */
const secretWords: ReadonlySet<string> = new Set(
  `authorization cookie cred credential csrf cvc cvv dsn jsessionid jwt mnemonic otp passcode passphrase passwd password
   phpsessid pw pwd secret sessid sessionid sid token totp xsrf`.split(/\s+/),
);

/** Words that do so as the last one only: `db_pass`, `x-auth`, but not `pass_rate` and `auth_user`. */
const lastWords: ReadonlySet<string> = new Set(["auth", "pass"]);

/** What may not stand in front of such a last word, as in `require_auth` or `first_pass`. */
const harmlessBeforeLast: ReadonlySet<string> = new Set(
  `by boarding disable enable enabled first is last multi must needs no oauth require required requires second single
   skip supports two use uses with`.split(/\s+/),
);

/** What a `key` is called that opens something. A `public_key`, a `primary_key` or a `key` alone is none. */
const keyQualifiers: ReadonlySet<string> = new Set(
  `access account admin api app application auth cipher client crypto decrypt decryption deploy device encrypt encryption
   function functions hmac host ingest integration jwk license licence master private root sas secret security server
   service session shared sign signing ssh storage subscription symmetric webhook wrapping`.split(/\s+/),
);

/** Two words that follow each other, beyond the keys. */
const secretPairs: ReadonlySet<string> = new Set([
  "auth code",
  "authentication code",
  "backup code",
  "card pin",
  "code verifier",
  "connection string",
  "device code",
  "mfa code",
  "pass word",
  "pin code",
  "recovery code",
  "seed phrase",
  "session id",
  "user pin",
  "verification code",
]);

/** Last words of a key that speaks about a secret without giving it away, as in `token_count` or `secretName`. */
const harmlessEndings: ReadonlySet<string> = new Set(
  `age alg algorithm at attempts audience banner bucket buckets budget change changed class consent cost count counts
   created date dir directory disabled domain duration email enabled endpoint endpoints error errors exists expiration
   expired expires expiry failed failures field fields file files flow format group handler hint index interval invalid
   issuer jar kind label length level limit limits manager max method methods middleware min missing mode module ms name
   names optional parser path paths per placeholder plugin policies policy position prefix present prompt provider
   providers rate realm ref required reset role rotated rotation rule rules samesite scheme scope scopes seconds server
   service size source state status store strategies strategy strength timeout total ttl type types updated uri url urls
   usage used user username valid validity vault verified version versions`.split(/\s+/),
);

/** What makes `tokens` those of a language model. */
const modelTokens: ReadonlySet<string> = new Set(
  `audio cache cached completion context estimated input max min model num output prompt reasoning remaining thinking
   total used`.split(/\s+/),
);

/** Ends of a word without separators: `userpassword`, `clientsecret`, `accesstoken`. */
const joinedEndings = ["password", "passwd", "passphrase", "secret", "token", "cookie", "credential", "authorization"];

/** Beginnings of a joined word that ends with `pass`: `compass` and `bypass` are none. */
const joinedPass = `admin app auth cert db ftp http imap ldap login mail my mysql pg postgres proxy redis root smtp ssh
   ssl sudo user vnc wifi`
  .split(/\s+/)
  .map((who) => `${who}pass`);

/** What a word means, as bits, since a word may be several things. */
const meaning = {
  secret: 1,
  countable: 2,
  last: 4,
  notLast: 8,
  qualifier: 16,
  key: 32,
  ending: 64,
  pair: 128,
  model: 256,
};

/** So much of a name is looked at, from its end, in characters: what is longer is text that only looks like a name. */
export const longestKey = 128;

/** Meanings of words, found letter by letter. A key has to be judged in less time than it takes to copy it. */
class WordTree {
  private readonly next: number[] = new Array<number>(26).fill(0);
  private readonly meanings: number[] = [0];

  /** Adds a meaning to a word of lower-case letters. */
  add(word: string, added: number): void {
    let node = 0;
    for (let at = 0; at < word.length; at += 1) {
      const edge = node * 26 + word.charCodeAt(at) - 97;
      if (this.next[edge] === 0) {
        this.next[edge] = this.meanings.length;
        this.meanings.push(0);
        for (let letter = 0; letter < 26; letter += 1) this.next.push(0);
      }
      node = this.next[edge] ?? 0;
    }
    this.meanings[node] = this.meaningOf(node) | added;
  }

  /** The node behind a letter in either case, 0 if no word goes on with it. */
  step(node: number, code: number): number {
    return this.next[node * 26 + (code | 32) - 97] ?? 0;
  }

  meaningOf(node: number): number {
    return this.meanings[node] ?? 0;
  }
}

const tree = new WordTree();
for (const word of secretWords) {
  tree.add(word, meaning.secret);
  tree.add(`${word}s`, meaning.countable);
}
for (const word of lastWords) tree.add(word, meaning.last);
for (const word of harmlessBeforeLast) tree.add(word, meaning.notLast);
for (const word of keyQualifiers) {
  tree.add(word, meaning.qualifier);
  tree.add(`${word}key`, meaning.secret);
  tree.add(`${word}keys`, meaning.secret);
}
for (const word of ["key", "keys"]) tree.add(word, meaning.key);
for (const word of harmlessEndings) tree.add(word, meaning.ending);
for (const word of modelTokens) tree.add(word, meaning.model);
for (const word of joinedPass) tree.add(word, meaning.secret);
tree.add("connectionstring", meaning.secret);
for (const pair of secretPairs)
  for (const plural of ["", "s"]) tree.add(`${pair.split(" ")[1] ?? ""}${plural}`, meaning.pair);

/** The same for the ends of joined words, read backwards. */
const endings = new WordTree();
for (const word of joinedEndings) {
  const backwards = Array.from(word).reverse().join("");
  endings.add(backwards, meaning.secret);
  endings.add(`s${backwards}`, meaning.countable);
}

/** Whether the name of a field says that its value is a secret: `apiKey`, `DB_PASSWORD`, `x-api-key`, `cookies`. */
export function kindOfKey(key: string): KeyKind | undefined {
  const name = key.length > longestKey ? key.slice(-longestKey) : key;
  let found = 0;
  let before = 0;
  let beforeLast = 0;
  let start = 0;
  let words = 0;
  let wordStart = 0;
  let separated = false;
  for (let at = 0; at <= name.length; at += 1) {
    const here = letterKind(name, at);
    if (at > start && isBoundary(name, at, here)) {
      const word = meaningOfWord(name, start, at);
      found |= meaningAfter(name, before, wordStart, word, start, at);
      beforeLast = before;
      before = word;
      wordStart = start;
      words += 1;
      start = at;
    }
    if (here === other) {
      start = at + 1;
      if (at < name.length) separated = true;
    }
  }
  if ((before & meaning.ending) !== 0) return undefined;
  if ((found & meaning.secret) !== 0) return "secret";
  // `passWord`, whose words mean nothing.
  if (!separated && words > 1 && words < 4 && name.length <= 24 && joined.has(name.toLowerCase())) return "secret";
  if ((found & meaning.countable) !== 0) return "countable";
  return (before & meaning.last) !== 0 && (beforeLast & meaning.notLast) === 0 ? "countable" : undefined;
}

/** Single words that people write as two, so that their parts mean nothing. */
const joined: ReadonlySet<string> = new Set([...secretWords, ...[...secretWords].map((word) => `${word}s`)]);

/** What a word is, by itself and by how it ends. */
function meaningOfWord(name: string, start: number, end: number): number {
  let node = 0;
  let at = start;
  for (; at < end; at += 1) {
    node = tree.step(node, name.charCodeAt(at));
    if (node === 0) break;
  }
  if (at === end) {
    const own = tree.meaningOf(node);
    if (own !== 0) return own;
  }
  let suffix = 0;
  for (let back = end - 1; back >= start; back -= 1) {
    suffix = endings.step(suffix, name.charCodeAt(back));
    if (suffix === 0) return 0;
    const own = endings.meaningOf(suffix);
    if (own !== 0) return own;
  }
  return 0;
}

/** What a word means behind another one: `secret`, `countable` or nothing. */
function meaningAfter(
  name: string,
  before: number,
  beforeStart: number,
  word: number,
  start: number,
  end: number,
): number {
  if ((word & (meaning.secret | meaning.countable)) !== 0) {
    const isToken = /^tokens?$/i.test(name.slice(start, end));
    // .NET's PublicKeyToken names an assembly; a model's tokens are what it reads and writes.
    if (isToken && (before & meaning.key) !== 0) return 0;
    if (isToken && (word & meaning.countable) !== 0 && (before & meaning.model) !== 0) return 0;
    return word & (meaning.secret | meaning.countable);
  }
  if ((word & meaning.key) !== 0) return (before & meaning.qualifier) !== 0 ? meaning.secret : 0;
  if ((word & meaning.pair) === 0) return 0;
  const pair = `${lettersOf(name.slice(beforeStart, start))} ${lettersOf(name.slice(start, end)).replace(/s$/, "")}`;
  return secretPairs.has(pair) ? meaning.secret : 0;
}

function lettersOf(text: string): string {
  return text.toLowerCase().replace(/[^a-z]/g, "");
}

const other = 0;
const lower = 1;
const upper = 2;

/** The kind of each character by its code, below 128. */
const letterKinds = Uint8Array.from({ length: 128 }, (_, code) =>
  code >= 97 && code <= 122 ? lower : code >= 65 && code <= 90 ? upper : other,
);

function letterKind(name: string, at: number): number {
  const code = at >= 0 && at < name.length ? name.charCodeAt(at) : 128;
  return code < 128 ? (letterKinds[code] ?? other) : other;
}

/** Where one word of `apiKey`, `API_KEY`, `APIKey` or `x-api-key2` ends. */
function isBoundary(name: string, at: number, here: number): boolean {
  if (here === other) return true;
  if (here === lower) return false;
  return letterKind(name, at - 1) === lower || letterKind(name, at + 1) === lower;
}

/** The letters and digits of a name in lower case, by which names are compared with those that users give. */
export function normalized(key: string): string {
  return key.toLowerCase().replace(/[^a-z0-9]/g, "");
}
