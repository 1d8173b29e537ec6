import assert from "node:assert/strict";
import fc from "fast-check";
import {
  hasDigest,
  imageLockProblems,
  imagesToLock,
  imageLockText,
  parseImageLock,
  pinned,
} from "../../config/image-lock.ts";
import { problemLines } from "../../config/problem.ts";
import { defaultImages } from "../../config/resolve-images.ts";
import { fits, isImageReference, taggedReference } from "../../config/rules.ts";
import { refusalOf } from "../support/refusal.ts";

const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`);

/** References by the grammar of github.com/distribution/reference, without tag and digest. */
const repository = fc
  .record({
    host: fc.constantFrom(
      "",
      "localhost",
      "localhost:5000",
      "registry.example.com",
      "Registry:443",
      "10.0.0.1:5000",
      "[::1]:5000",
    ),
    path: fc.array(fc.stringMatching(/^[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8})?$/), {
      minLength: 1,
      maxLength: 4,
    }),
  })
  .map(({ host, path }) => [...(host === "" ? [] : [host]), ...path].join("/"))
  // Without a registry a path that begins like one is none.
  .filter((name) => isImageReference(`${name}:1`));
const tag = fc.stringMatching(/^\w[\w.-]{0,127}$/);
const tagged = fc.tuple(repository, tag).map(([name, given]) => `${name}:${given}`);

describe("the lock of images", () => {
  it("puts its digest behind the reference that it names, which stays a reference by the grammar", () => {
    fc.assert(
      fc.property(tagged, digest, (reference, of) => {
        const lock = new Map([[reference, of]]);
        assert.equal(pinned(reference, lock), `${reference}@${of}`);
        assert.ok(isImageReference(pinned(reference, lock)));
        assert.equal(pinned(`${reference}x`, lock), `${reference}x`);
      }),
    );
  });

  it("names references with a tag and no digest: one with a digest needs no entry, and can have none", () => {
    fc.assert(
      fc.property(repository, tag, digest, (name, given, of) => {
        assert.ok(fits(taggedReference, `${name}:${given}`) && !hasDigest(`${name}:${given}`));
        for (const fixed of [`${name}@${of}`, `${name}:${given}@${of}`]) {
          assert.ok(isImageReference(fixed) && hasDigest(fixed) && !fits(taggedReference, fixed));
          const images = Object.fromEntries(Object.keys(defaultImages).map((image) => [image, fixed]));
          assert.deepEqual(imageLockProblems({ imageRegistry: "", images }, new Map()), []);
        }
      }),
    );
  });

  it("is a file that is the same in whatever order it was found, and is read as it was written", () => {
    fc.assert(
      fc.property(fc.dictionary(tagged, digest), (digests) => {
        const entries = Object.entries(digests);
        const text = imageLockText(new Map(entries));
        assert.equal(imageLockText(new Map(entries.toReversed())), text);
        assert.deepEqual(parseImageLock(text), new Map(entries));
      }),
    );
    const [a, b] = ["a", "b"].map((digit) => `sha256:${digit.repeat(64)}`);
    assert.equal(
      imageLockText(
        new Map([
          ["node:22", b ?? ""],
          ["a.example.com:5000/node:22", a ?? ""],
        ]),
      ),
      `{\n  "version": 1,\n  "images": {\n    "a.example.com:5000/node:22": "${a}",\n    "node:22": "${b}"\n  }\n}\n`,
    );
  });

  const again = "put the file back from git, or remove it and run npm run images:lock";
  const object = `must be a JSON object, as npm run images:lock writes it, got something else; ${again}`;
  const found = `sha256:${"0".repeat(64)}`;
  const bad: readonly (readonly [text: string, ...lines: string[]])[] = [
    ["", object],
    ["[]", object],
    [`<<<<<<< HEAD\n${imageLockText(new Map())}`, object],
    [
      "{}",
      "version: must be 1, which this version of the program knows, got nothing; X",
      "images: must be digests by name, got nothing; X",
    ],
    ['{"version": 2, "images": {}}', "version: must be 1, which this version of the program knows, got 2; X"],
    ['{"version": 1, "images": []}', "images: must be digests by name, got an empty list; X"],
    [
      JSON.stringify({
        version: 1,
        images: { "grafana/loki": found, "a:1": "sha256:12", [`b:1@${found}`]: found },
        extra: 1,
      }),
      'images."grafana/loki": must be an image with a tag and without a digest (`repository:tag`), got "grafana/loki"; X',
      'images."a:1": must be a digest (`sha256:…`), got "sha256:12"; X',
      `images."b:1@${found}": must be an image with a tag and without a digest (\`repository:tag\`), got "b:1@${found}"; X`,
      "extra: is no field, got a value that is not shown; remove it, or use one of version, images",
    ],
  ];
  for (const [text, ...lines] of bad) {
    it(`is refused with everything that is wrong with it: ${text.slice(0, 40)}`, () => {
      const told = lines.map((line) => (line === object ? `: ${line}` : `: ${line.replace(/X$/, again)}`));
      assert.equal(
        refusalOf(() => parseImageLock(text)),
        [
          `the configuration has ${lines.length} problem(s), nothing was changed (OBS1011):`,
          ...told.map((line) => `  images.lock.json${line}`),
        ].join("\n"),
      );
    });
  }

  it("has to name every image of the settings, and all that it lacks are told at once, each once", () => {
    const given = { imageRegistry: "localhost:5000", images: { loki: `own/loki@${found}`, grafana: "own/grafana:1" } };
    const { otelCollector, ...others } = defaultImages;
    const lock = new Map([[`localhost:5000/${otelCollector}`, found]]);
    const rest = "must be an image that images.lock.json has the digest of, got";
    const change = "run npm run images:lock, or name the one that was locked";
    const told = new Map([
      ["node", `localhost:5000/${others.node}`],
      ["grafana", "own/grafana:1"],
    ]);
    const lines = problemLines(imageLockProblems(given, lock));
    for (const [name, reference] of told)
      assert.ok(lines.includes(`images.${name}: ${rest} "${reference}"; ${change}`));
    const distinct = new Set(Object.entries(others).flatMap(([name, image]) => (name === "loki" ? [] : [image])));
    assert.equal(lines.length, distinct.size);
    assert.deepEqual(imageLockProblems(given, undefined), []);
  });

  it("is made for the table, and of what services copy from for that which the program needs", () => {
    const java = `registry.example.com/java:1@${found}`;
    const images = { ...defaultImages, instrumentPython: "registry.example.com/python:1", instrumentJava: java };
    const table = [...new Set(Object.values<string>(defaultImages))];
    assert.deepEqual([...imagesToLock(images, ["own/checkout:1"])].sort(), table.toSorted());
    const needed = [images.instrumentPython, java];
    assert.deepEqual([...imagesToLock(images, needed)].sort(), [...table, images.instrumentPython].sort());
    assert.deepEqual(imagesToLock({ ...images, loki: java }, []).includes(java), false);
  });

  it("is not asked about settings that are wrong by themselves", () => {
    for (const given of [undefined, { imageRegistry: 1 }, { imageRegistry: "", images: { loki: "loki" } }]) {
      assert.deepEqual(imageLockProblems(given, new Map()), []);
    }
  });
});
