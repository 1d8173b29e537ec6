import assert from "node:assert/strict";
import { inspect } from "node:util";
import fc from "fast-check";
import { charactersOf } from "../../src/redaction/characters.ts";
import { redact, redactText } from "../../src/redaction/redactor.ts";
import { countSteps } from "../../src/redaction/scan-text.ts";
import { kindOfKey } from "../../src/redaction/secret-keys.ts";
import { knownFormats } from "../../src/redaction/known-formats.ts";
import { readUserRules } from "../../src/redaction/user-rules.ts";
import { filledIn, readLeaks, readLookalikes, spellings } from "../support/corpus.ts";

const leaks = readLeaks();
const lookalikes = readLookalikes();
const planted = "pl4nt3dS3cr3tV4lue";

describe("redaction of the corpus", () => {
  it("has enough of both to mean something", () => {
    const sizes = [
      leaks.names.length + leaks.texts.length + leaks.values.length,
      lookalikes.names.length + lookalikes.texts.length,
    ];
    assert.deepEqual(
      sizes.map((size) => size >= 150),
      [true, true],
      sizes.join(" "),
    );
  });

  it("lets no secret of a text through", () => {
    const leaked = leaks.texts.filter((text) => redactText(text.replace("{secret}", planted)).includes(planted));
    assert.deepEqual(leaked, []);
  });

  it("lets no credential through that is known by its form", () => {
    const leaked = leaks.values
      .map(filledIn)
      .filter((value) =>
        [value, `a ${value} b`, `"${value}"`, `x=${value},`].some((text) => redactText(text).includes(value.slice(4))),
      );
    assert.deepEqual(leaked, []);
  });

  it("has an example of each known form", () => {
    const unseen = knownFormats.filter(({ prefix }) => !leaks.values.some((value) => value.startsWith(prefix)));
    assert.deepEqual(unseen, []);
  });

  it("knows each name of a secret, however it is spelled", () => {
    const unknown = leaks.names.flatMap(spellings).filter((name) => kindOfKey(charactersOf(name)) === undefined);
    assert.deepEqual(unknown, []);
  });

  it("leaves each name that only looks like one of a secret", () => {
    assert.deepEqual(
      lookalikes.names.filter((name) => kindOfKey(charactersOf(name)) !== undefined),
      [],
    );
  });

  it("leaves each text that only looks like one with a secret", () => {
    assert.deepEqual(
      lookalikes.texts.filter((text) => redactText(text) !== text),
      [],
    );
  });

  it("changes nothing when it is done twice", () => {
    const texts = [...leaks.texts.map((text) => text.replace("{secret}", planted)), ...leaks.values.map(filledIn)];
    const changed = texts.map(redactText).filter((text) => redactText(text) !== text);
    assert.deepEqual(changed, []);
  });
});

describe("redaction in containers", () => {
  /** The ways in which a named secret gets into what is logged. */
  const containers: Readonly<Record<string, (name: string, secret: string) => unknown>> = {
    object: (name, secret) => ({ [name]: secret }),
    "nested object": (name, secret) => ({ a: [{ b: { [name]: [secret] } }] }),
    map: (name, secret) => new Map([[name, secret]]),
    "JSON text": (name, secret) => JSON.stringify({ n: 1, [name]: `two words ${secret}`, z: "z" }),
    "indented JSON": (name, secret) => JSON.stringify({ a: { [name]: secret } }, null, 2),
    "JSON in JSON": (name, secret) => JSON.stringify({ body: JSON.stringify({ [name]: `a "quoted" ${secret}` }) }),
    "JSON in JSON in JSON": (name, secret) =>
      JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ [name]: `two words ${secret}` }) }) }),
    "text with JSON": (name, secret) => `answer: ${JSON.stringify({ [name]: secret })} (400)`,
    "inspected object": (name, secret) => inspect({ a: 1, [name]: `two words ${secret}` }),
    URL: (name, secret) => `https://example.com/a?x=1&${encodeURIComponent(name)}=${secret}&y=2#z`,
    "URL in a URL": (name, secret) =>
      `https://example.com/a?next=${encodeURIComponent(`/b?${name}=${secret}&y=2`)}&z=1`,
    "form body": (name, secret) => `x=1&${name}=${secret}`,
    header: (name, secret) => `GET / HTTP/1.1\r\nHost: shop\r\n${name}: ${secret}\r\nAccept: */*`,
    "raw headers": (name, secret) => ({ rawHeaders: ["Host", "shop", name, `x ${secret}`] }),
    "list of variables": (name, secret) => [{ name, value: secret }],
    environment: (name, secret) => `PORT=3000\n${name}=${secret}\nHOME=/`,
    option: (name, secret) => `deploy --${name} ${secret} --verbose`,
    arguments: (name, secret) => ["deploy", `--${name}`, secret],
    element: (name, secret) => `<a><${name}>two words ${secret}</${name}></a>`,
    error: (name, secret) => new Error(`failed with ${name}=${secret}`, { cause: { [name]: secret } }),
  };
  const anyName = fc.constantFrom(...leaks.names.flatMap(spellings));
  const anySecret = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{10,30}[0-9]$/);
  const anyDepth = fc.array(fc.constantFrom("list", "object"), { maxLength: 6 });

  for (const [container, wrap] of Object.entries(containers)) {
    it(`lets no named secret through in this: ${container}`, () => {
      fc.assert(
        fc.property(anyName, anySecret, anyDepth, (name, secret, depth) => {
          const wrapped = depth.reduce<unknown>(
            (inner, kind) => (kind === "list" ? [1, inner] : { inner }),
            wrap(name, secret),
          );
          assert.equal(JSON.stringify(redact(wrapped)).includes(secret), false);
        }),
      );
    });
  }

  it("leaves look-alikes in objects, lists and JSON texts", () => {
    const anyLookalike = fc.record({
      name: fc.constantFrom(...lookalikes.names),
      text: fc.constantFrom(...lookalikes.texts),
    });
    fc.assert(
      fc.property(anyLookalike, ({ name, text }) => {
        const value = { [name]: "plain", list: [text], n: 1 };
        assert.deepEqual(redact(value), value);
        const json = JSON.stringify({ [name]: "plain" });
        assert.equal(redactText(json), json);
      }),
    );
  });
});

describe("the time that redaction takes", () => {
  const rules = { kindOfKey, isOn: readUserRules({}, () => undefined).isOn };
  /** What the scan looks for, and halves of it: the pieces that a hostile text would be made of. */
  const pieces = [
    ...knownFormats.map(({ prefix }) => prefix),
    ...leaks.texts.flatMap((text) => text.split(/(?<=[^A-Za-z0-9])|(?=[^A-Za-z0-9])/)),
    ...leaks.texts.map((text) => text.replace("{secret}", "x")),
    "eyJ-",
    "eyJ.",
    "a@",
    "a@a.",
    "://",
    "a://b:c/",
    "\\",
    '\\\\"',
    '"',
    "key=",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN ",
    "AKIA0000000000000000npm_",
  ];
  const stepsFor = (unit: string, length: number): number =>
    countSteps(unit.repeat(Math.ceil(length / unit.length)).slice(0, length), rules);

  it("grows with the length of the text and not faster, whatever the text is made of", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 5 }), (parts) => {
        const unit = parts.join("") || "a";
        const [short, long] = [stepsFor(unit, 4_096), stepsFor(unit, 16_384)];
        assert.equal(long <= 6 * short, true, `${short} steps, ${long} for four times the text`);
        assert.equal(long <= 64 * 16_384, true, `${long} steps`);
      }),
      { numRuns: 500 },
    );
  });

  it("is bounded for a text of any length, since it is cut first", () => {
    assert.equal(redactText("eyJ-".repeat(1_000_000)).length < 66_000, true);
  });
});
