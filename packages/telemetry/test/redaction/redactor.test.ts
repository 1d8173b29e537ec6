import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { charactersOf } from "../../src/redaction/characters.ts";
import { createRedactor, redact, redactText } from "../../src/redaction/redactor.ts";
import { kindOfKey } from "../../src/redaction/secret-keys.ts";

describe("redactText (R18, D12)", () => {
  const corpus: readonly (readonly [before: string, after: string])[] = [
    // The leaks of the system that this one follows: the rest of a token, databases other than MongoDB, the rest of the line.
    ["Authorization: Bearer aaaaaaaa.bbbbbb.cccccc end", "Authorization: Bearer [REDACTED] end"],
    ["postgres://app:s3cr3t@db:5432/shop", "postgres://app:[REDACTED]@db:5432/shop"],
    ["redis://:s3cr3t@cache:6379", "redis://:[REDACTED]@cache:6379"],
    ["mongodb+srv://app:s3cr3t@db/shop", "mongodb+srv://app:[REDACTED]@db/shop"],
    ["api_key: abc123 and the rest stays", "api_key: [REDACTED] and the rest stays"],
    ["https://user:pw@example.com/a?b=c", "https://user:[REDACTED]@example.com/a?b=c"],
    ["https://example.com/?token=abc&page=2", "https://example.com/?token=[REDACTED]&page=2"],
    ["password=hunter2;user=bob", "password=[REDACTED];user=bob"],
    ['{"client_secret":"abc","n":1}', '{"client_secret":"[REDACTED]","n":1}'],
    ['{\\"token\\":\\"abc\\"}', '{\\"token\\":\\"[REDACTED]\\"}'],
    ["DB_PASSWORD='hunter2'", "DB_PASSWORD='[REDACTED]'"],
    ["Cookie: sid=abc; theme=dark", "Cookie: [REDACTED]"],
    ["Basic dXNlcjpwYXNz", "Basic [REDACTED]"],
    ["jwt eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl done", "jwt [REDACTED] done"],
    ["key AKIAIOSFODNN7EXAMPLE", "key [REDACTED]"],
    [`ghp_${"a".repeat(36)}`, "[REDACTED]"],
    ["a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b", "a [REDACTED] b"],
    ["mail to alexander@example.com please", "mail to ale***@example.com please"],
    ["größer, 日本 🎉 password=hunter2 \ud83d für alle", "größer, 日本 🎉 password=[REDACTED] \ud83d für alle"],
    // Nothing secret about these.
    ["the token bucket is empty", "the token bucket is empty"],
    ["http://127.0.0.1:4317/v1/logs", "http://127.0.0.1:4317/v1/logs"],
    ["basic math", "basic math"],
  ];
  for (const [before, after] of corpus) {
    it(`${JSON.stringify(before)} → ${JSON.stringify(after)}`, () => {
      assert.equal(redactText(before), after);
    });
  }

  it("takes its time in proportion to the text, whatever the text", () => {
    for (const part of ["a", "token", "eyJ", "://", "@", "-----BEGIN PRIVATE KEY-----", 'password="', "a."]) {
      assert.equal(typeof redactText(part.repeat(65_536 / part.length)), "string");
    }
  }).timeout(5_000);
});

describe("a statement of SQL", () => {
  const statements: readonly (readonly [before: string, after: string])[] = [
    ["SELECT 1 FROM users WHERE password = 'hunter2'", "SELECT 1 FROM users WHERE password = '[REDACTED]'"],
    ["CREATE USER app IDENTIFIED BY 'hunter2'", "CREATE USER app IDENTIFIED BY '[REDACTED]'"],
    ["SELECT crypt('hunter2', password)", "SELECT crypt('[REDACTED]', password)"],
    ["INSERT INTO users (password) VALUES ($$hunter2$$)", "INSERT INTO users (password) VALUES ('[REDACTED]')"],
    ['INSERT INTO users (password) VALUES ("hunter2")', "INSERT INTO users (password) VALUES ('[REDACTED]')"],
    [
      "INSERT INTO users (token, note) VALUES ('a\\', 'hunter2')",
      "INSERT INTO users (token, note) VALUES ('[REDACTED]'",
    ],
    ['INSERT INTO "users" ("password") VALUES ($1)', 'INSERT INTO "users" ("password") VALUES ($1)'],
    ["SELECT name FROM orders WHERE id = 'a'", "SELECT name FROM orders WHERE id = 'a'"],
  ];
  for (const [before, after] of statements) {
    it(`${before} → ${after}`, () => {
      assert.deepEqual(redact({ "db.query.text": before }), { "db.query.text": after });
    });
  }
});

describe("isSecretKey", () => {
  for (const key of ["password", "DB_PASSWORD", "apiKey", "x-api-key", "Authorization", "set-cookie", "refreshToken"]) {
    it(`${key} is one`, () => {
      assert.equal(kindOfKey(charactersOf(key)) !== undefined, true);
    });
  }
  for (const key of ["token_count", "secretName", "passwordless", "keyboard", "author", "execution_id"]) {
    it(`${key} is none`, () => {
      assert.equal(kindOfKey(charactersOf(key)) !== undefined, false);
    });
  }
});

describe("createRedactor", () => {
  it("keeps nothing of the large texts that the short ones it remembers were cut from", () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const { text, value } = createRedactor();
    const mib = 1024 * 1024;
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let number = 0; number < 100; number += 1) {
      const large = `part number ${number}, `.padEnd(mib, "of what is large, ");
      text(large.slice(0, 40));
      value({ [large.slice(40, 80)]: 1 });
    }
    collectGarbage();
    const kept = process.memoryUsage().heapUsed - before;
    assert.equal(kept < 20 * mib, true, `${kept} bytes`);
  });
});

describe("redact", () => {
  it("redacts by key and by value at every depth and leaves the rest", () => {
    assert.deepEqual(
      redact({ a: [{ b: { password: ["x", "y"], note: "token=abc", n: 1, none: null } }], secret: null, ok: true }),
      { a: [{ b: { password: "[REDACTED]", note: "token=[REDACTED]", n: 1, none: null } }], secret: null, ok: true },
    );
  });

  it("lets no planted secret through, wherever it is", () => {
    const planted = "pl4nt3d-s3cr3t";
    const secret = fc.oneof(
      fc.constant({ password: planted }),
      fc.constant({ auth: { refreshToken: [planted] } }),
      fc.constant(`postgres://app:${planted}@db`),
      fc.constant({ note: [`api_key=${planted}`] }),
      fc.constant(`Bearer ${planted}`),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        secret,
        fc.jsonValue(),
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie("tree"), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        assert.equal(JSON.stringify(redact(value)).includes(planted), false);
      }),
    );
  });
});
