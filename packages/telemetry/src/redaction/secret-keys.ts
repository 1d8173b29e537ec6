import type { Characters } from "./characters.ts";

/**
 * What the name of a field says about its value: `secret`, or `countable`, for names such as `tokens` or `pass` whose
 * value is a secret unless it is a number.
 */
export type KeyKind = "secret" | "countable";

/** Decides by the name of a field, which is a text or the part of one from `from` up to `to`. */
export type KeyRule = (within: Characters, from?: number, to?: number) => KeyKind | undefined;

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

/** Two words that follow each other, beyond the keys: each second one with those that it follows. */
const secretPairs = {
  code: ["auth", "authentication", "backup", "device", "mfa", "pin", "recovery", "verification"],
  id: ["session"],
  phrase: ["seed"],
  pin: ["card", "user"],
  string: ["connection"],
  verifier: ["code"],
  word: ["pass"],
};

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
  joined: 128,
  model: 256,
  token: 512,
};

/** Where the bits begin that say of which pairs a word is the second, and of which the first one. */
const secondOfPair = 10;
const firstOfPair = secondOfPair + Object.keys(secretPairs).length;
const anyPair = (1 << Object.keys(secretPairs).length) - 1;

/** So much of a name is looked at, from its end, in characters: what is longer is text that only looks like a name. */
export const longestKey = 128;

/** Where no word goes on, and where each begins, in a tree of words. */
const nowhere = 0;
const root = 1;

/** Meanings of words, found letter by letter: a key has to be judged in less time than it takes to copy it. */
interface WordTree {
  /** The node behind each letter of each node, 32 to a node. */
  readonly next: Uint16Array;
  /** What the letters up to a node mean as a word. */
  readonly meanings: Int32Array;
}

/** The tree of words of lower-case letters, each with its meaning. */
function treeOf(words: ReadonlyMap<string, number>): WordTree {
  const most = [...words.keys()].reduce((letters, word) => letters + word.length, root + 1);
  const next = new Uint16Array(most * 32);
  const meanings = new Int32Array(most);
  let nodes = root + 1;
  for (const [word, meaning] of words) {
    let node: number = root;
    for (let at = 0; at < word.length; at += 1) {
      const edge = node * 32 + (word.charCodeAt(at) & 31);
      if (next[edge] === nowhere) {
        next[edge] = nodes;
        nodes += 1;
      }
      node = next[edge] ?? nowhere;
    }
    meanings[node] = meaning;
  }
  return { next, meanings };
}

const wordMeanings = new Map<string, number>();
for (const word of secretWords) {
  add(wordMeanings, word, meaning.secret | meaning.joined);
  add(wordMeanings, `${word}s`, meaning.countable | meaning.joined);
}
for (const word of ["token", "tokens"]) add(wordMeanings, word, meaning.token);
for (const word of lastWords) add(wordMeanings, word, meaning.last);
for (const word of harmlessBeforeLast) add(wordMeanings, word, meaning.notLast);
for (const word of keyQualifiers) {
  add(wordMeanings, word, meaning.qualifier);
  add(wordMeanings, `${word}key`, meaning.secret);
  add(wordMeanings, `${word}keys`, meaning.secret);
}
for (const word of ["key", "keys"]) add(wordMeanings, word, meaning.key);
for (const word of harmlessEndings) add(wordMeanings, word, meaning.ending);
for (const word of modelTokens) add(wordMeanings, word, meaning.model);
for (const word of joinedPass) add(wordMeanings, word, meaning.secret);
add(wordMeanings, "connectionstring", meaning.secret);
Object.entries(secretPairs).forEach(([second, firsts], index) => {
  for (const plural of ["", "s"]) add(wordMeanings, `${second}${plural}`, 1 << (secondOfPair + index));
  for (const first of firsts) add(wordMeanings, first, 1 << (firstOfPair + index));
});

// Constants, whose place V8 writes into the code that it compiles; tables in an object it would look up at each letter.
const { next: nextOfWord, meanings: meaningOfWord } = treeOf(wordMeanings);

/** The same for the ends of joined words, read backwards. */
const endingMeanings = new Map<string, number>();
for (const word of joinedEndings) {
  const backwards = Array.from(word).reverse().join("");
  add(endingMeanings, backwards, meaning.secret);
  add(endingMeanings, `s${backwards}`, meaning.countable);
}
const { next: nextOfEnding, meanings: meaningOfEnd } = treeOf(endingMeanings);

/** The node behind a letter in either case. */
function step(next: Uint16Array, node: number, code: number): number {
  return next[node * 32 + (code & 31)] ?? nowhere;
}

/** A word may have several meanings. */
function add(to: Map<string, number>, word: string, added: number): void {
  to.set(word, (to.get(word) ?? 0) | added);
}

/** Whether the name of a field says that its value is a secret: `apiKey`, `DB_PASSWORD`, `x-api-key`, `cookies`. */
export function kindOfKey({ text, codes }: Characters, from = 0, to = text.length): KeyKind | undefined {
  // The shortest names, of which a hostile text has most: one look-up instead of a pass over words.
  if (to - from < 3) return isShortSecret(codes, from, to) ? "secret" : undefined;
  const nameStart = Math.max(from, to - longestKey);
  let found = 0;
  let before = 0;
  let beforeLast = 0;
  let words = 0;
  let separated = false;
  let at = nameStart;
  while (at < to) {
    let letter = letterOf(codes[at] ?? 0);
    if (letter === other) {
      separated = true;
      at += 1;
      continue;
    }
    // One word of `apiKey`, `API_KEY`, `APIKey` or `x-api-key2`: capitals, and then lower-case letters.
    const start = at;
    let node: number = root;
    let beforeCapital: number = root;
    while (letter > capital) {
      beforeCapital = node;
      node = step(nextOfWord, node, letter);
      at += 1;
      letter = at < to ? letterOf(codes[at] ?? 0) : other;
    }
    if (letter !== other && at > start + 1) {
      // The last of several capitals begins the next word.
      node = beforeCapital;
      at -= 1;
    } else {
      while (letter !== other && letter < capital) {
        node = step(nextOfWord, node, letter);
        at += 1;
        letter = at < to ? letterOf(codes[at] ?? 0) : other;
      }
    }
    const word = (meaningOfWord[node] ?? 0) || meaningOfEnding(codes, start, at);
    found |= meaningAfter(before, word);
    beforeLast = before;
    before = word;
    words += 1;
  }
  if ((before & meaning.ending) !== 0) return undefined;
  if ((found & meaning.secret) !== 0) return "secret";
  // `passWord`, whose words mean nothing.
  if (!separated && words > 1 && words < 4 && (meaningOfJoined(codes, nameStart, to) & meaning.joined) !== 0)
    return "secret";
  if ((found & meaning.countable) !== 0) return "countable";
  return (before & meaning.last) !== 0 && (beforeLast & meaning.notLast) === 0 ? "countable" : undefined;
}

/** Whether a name of fewer than three characters is a secret's, however it is written: `pw`. */
function isShortSecret(codes: Uint16Array, from: number, to: number): boolean {
  let node: number = root;
  for (let at = from; at < to; at += 1) {
    const letter = letterOf(codes[at] ?? 0);
    node = letter === other ? nowhere : step(nextOfWord, node, letter);
  }
  return ((meaningOfWord[node] ?? 0) & meaning.secret) !== 0;
}

/** What letters are as one word, wherever capitals are among them. */
function meaningOfJoined(codes: Uint16Array, from: number, to: number): number {
  let node: number = root;
  for (let at = from; at < to; at += 1) node = step(nextOfWord, node, codes[at] ?? 0);
  return meaningOfWord[node] ?? 0;
}

/** What a word is by how it ends. */
function meaningOfEnding(codes: Uint16Array, start: number, end: number): number {
  let node: number = root;
  for (let back = end - 1; back >= start && node !== nowhere; back -= 1) {
    node = step(nextOfEnding, node, codes[back] ?? 0);
    const found = meaningOfEnd[node] ?? 0;
    if (found !== 0) return found;
  }
  return 0;
}

/** What a word means behind another one: `secret`, `countable` or nothing. */
function meaningAfter(before: number, word: number): number {
  if ((word & (meaning.secret | meaning.countable)) !== 0) {
    const isToken = (word & meaning.token) !== 0;
    // .NET's PublicKeyToken names an assembly; a model's tokens are what it reads and writes.
    if (isToken && (before & meaning.key) !== 0) return 0;
    if (isToken && (word & meaning.countable) !== 0 && (before & meaning.model) !== 0) return 0;
    return word & (meaning.secret | meaning.countable);
  }
  if ((word & meaning.key) !== 0) return (before & meaning.qualifier) !== 0 ? meaning.secret : 0;
  return ((before >> firstOfPair) & (word >> secondOfPair) & anyPair) !== 0 ? meaning.secret : 0;
}

/** What is no letter, and what the number of a capital is more than. */
const other = 0;
const capital = 32;

/** Letters by their code, below 128: their number in the alphabet, and for capitals 32 more. */
const letters = Uint8Array.from({ length: 128 }, (_, code) =>
  code >= 97 && code <= 122 ? code - 96 : code >= 65 && code <= 90 ? code - 64 + capital : other,
);

function letterOf(code: number): number {
  return code < 128 ? (letters[code] ?? other) : other;
}

/** The letters and digits of a name in lower case, by which names are compared with those that users give. */
export function normalized(key: string): string {
  return key.toLowerCase().replace(/[^a-z0-9]/g, "");
}
