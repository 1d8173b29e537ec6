import assert from "node:assert/strict";
import { mkdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../../cli/project.ts";
import { environmentsOf, readSettingsFile, stackFileConfig } from "../../cli/settings-file.ts";
import { UserError } from "../../cli/user-error.ts";

const secret = "hunter2";

/** What a file is refused with, without the file's name and what is the same for all. */
function refusal(text: string): string {
  try {
    return JSON.stringify(stackFileConfig({ name: "Pulumi.dev.yaml", text }));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const ending = "\nnothing was changed\n  next: correct Pulumi.dev.yaml";
    assert.ok(error.message.endsWith(ending), error.message);
    assert.ok(!error.message.includes(secret), error.message);
    return error.message.slice(0, -ending.length).replaceAll("Pulumi.dev.yaml:", "");
  }
}

const levels = ["a", "b", "c", "d", "e", "f", "g", "h"];
const bomb = levels.slice(1).reduce((text, name, index) => {
  const alias = `*${levels[index] ?? ""}, `;
  return `${text}  ${name}: &${name} [${alias.repeat(9)}]\n`;
}, "config:\n  a: &a [1]\n");
const readOtherwise =
  "must be a decimal number in its shortest form, or a text in quotes, since Pulumi would make another value of this one; write it so";

describe("the settings file of a stack", () => {
  const refused: readonly (readonly [what: string, text: string, told: string | RegExp])[] = [
    ["a tab", "config:\n\tobservability:a: 1\n", "2:1: must be indented with blanks, got a tab; replace it"],
    [
      "a key twice",
      `config:\n  observability:a: 1\n  observability:a: ${secret}\n`,
      "3:3: must have each key once; remove one of the two",
    ],
    ["a wrong indentation", `config:\n  observability:a: 1\n    observability:b: ${secret}\n`, /^[23]:\d+: must /],
    ["a key further to the left", `config:\n   observability:a: 1\n  observability:b: ${secret}\n`, /^3:\d+: must /],
    ["an open quote", `config:\n  observability:a: "${secret}\n`, /^3:1: must end what is begun: /],
    [
      "an open bracket",
      `config:\n  observability:a: [${secret}\n`,
      /^3:1: must be indented like its neighbours, and end a bracket /,
    ],
    [
      "an unknown escape",
      `config:\n  observability:a: "${secret}\\q"\n`,
      /^2:\d+: must have an escape that YAML knows /,
    ],
    ["two documents", `config: {}\n---\nconfig: {observability:a: ${secret}}\n`, /^2:1: must be one document, /],
    [
      "an alias of nothing",
      `config:\n  observability:a: *${secret}\n`,
      /^2:20: must be an alias of an anchor before it, /,
    ],
    [
      "an alias of what it is in",
      "config:\n  observability:a: &x [*x]\n",
      "2:24: must not be an alias of what it is in; write the value",
    ],
    ["aliases of aliases without end", bomb, "1:1: must not repeat the same by aliases so often; write the values"],
    ["a level for each of many brackets", `config: ${"[".repeat(20_000)}`, /^1:\d+: must /],
    ["a list", `- ${secret}\n`, /^1:1: must have keys at the top, /],
    ["a text", secret, /^1:1: must have keys at the top, /],
    ["a list of settings", `config: [${secret}]\n`, /^1:9: config: must have a setting in each line, /],
    ["a text for settings", `config: ${secret}\n`, /^1:9: config: must have a setting in each line, /],
    ["a value with a colon", `config:\n  observability:a: b: ${secret}\n`, /^2:\d+: must /],
    ["a reserved character", `config:\n  observability:a: @${secret}\n`, /^2:20: must not begin with a character /],
    ["a tag", `config:\n  observability:a: !!binary ${secret}\n`, /^2:29: must have a value that fits its tag, /],
    [
      "a control character",
      `config:\n  observability:a: ${secret}\u0000\n`,
      "2:27: must not have control characters or line separators; remove it",
    ],
    ["a list as a key", `config:\n  observability:a: {[${secret}]: 1}\n`, /^2:21: must have a text as a key/],
    ["no key", "config:\n  observability:a: {null: 1}\n", /^2:21: must have a text as a key/],
    [
      "a number as a setting",
      "config:\n  1: 2\n",
      "2:3: must be a setting of the form observability:NAME, got something else; correct it",
    ],
    [
      "too many colons",
      "config:\n  observability:a:b:c: 1\n",
      "2:3: observability:a:b:c: must be a setting of the form observability:NAME; correct it",
    ],
    ...[".nan", "-.inf", "0777", "1_000", "0b101", "2024-01-01", "12345678901234567890", "1e400"].map(
      (value): readonly [string, string, string] => [
        value,
        `config:\n  observability:a: {b: ${value}}\n`,
        `2:24: ${readOtherwise}`,
      ],
    ),
    ...["1.10", "+5", "1e3", "7.20e2"].map((value): readonly [string, string, string] => [
      `${value} for a text`,
      `config:\n  observability:a: ${value}\n`,
      `2:20: ${readOtherwise}`,
    ]),
    ...["5", secret, "[1]", "[{b: 1}, 2]", "~"].map((value): readonly [string, string, string] => [
      `a merge of ${value}`,
      `config:\n  observability:a: {<<: ${value}}\n`,
      "2:21: must have a group behind <<, or a list of groups; write the values instead",
    ]),
    ...["observability:a", "observability:config:a", '"a"'].map((again): readonly [string, string, string] => [
      `one setting under two names, a and ${again}`,
      `config:\n  ${again.startsWith("o") ? "a" : "observability:a"}: 1\n  ${again}: ${secret}\n`,
      "3:3: observability:a: must be set once; remove one of the two",
    ]),
    ...[" observability:a", "observability:a ", "observability: a", " a"].map(
      (key): readonly [string, string, string] => [
        `blanks in a name, ${JSON.stringify(key)}`,
        `config:\n  "${key}": 1\n`,
        "2:3: this key: must be a setting of the form observability:NAME; correct it",
      ],
    ),
    [
      "settings outside of config, all of them",
      `retentionHours: 48\nobservability:name: ${secret}\nconfg: {}\n${secret} is it: 1\nconfig: {}\n`,
      [
        "1:1: retentionHours: must be under config:, since Pulumi ignores it here; put it under config:, as observability:retentionHours",
        "2:1: observability:name: must be under config:, since Pulumi ignores it here; put it under config:, as observability:name",
        "3:1: confg: must be under config:, since Pulumi ignores it here; did you mean config?",
        "4:1: this key: must be under config:, since Pulumi ignores it here; put it under config:, as this key",
      ].join("\n"),
    ],
  ];
  for (const [what, text, told] of refused) {
    it(`is refused in one line with ${what}, and nothing of it is shown`, () => {
      if (typeof told === "string") assert.equal(refusal(text), told);
      else assert.match(refusal(text), new RegExp(`${told.source}.*$`));
    });
  }

  // As `pulumi config --json` of Pulumi 3.259 has them.
  const taken: Readonly<Record<string, object>> = {
    "": {},
    "# nothing\n": {},
    "config:\n": {},
    "---\nconfig: {a: 1}\n...\n": { a: 1 },
    "encryptionsalt: v1:x\nsecretsprovider: passphrase\nenvironment: [a]\nconfig: {docker:host: x, aws:region: y}\n": {
      "docker:host": "x",
      "aws:region": "y",
    },
    "config:\n  base: &b {a: 1}\n  observability:a: {<<: *b, c: 2}\n": {
      base: { a: 1 },
      "observability:a": { a: 1, c: 2 },
    },
    "config:\n  a: [yes, on, 1:30, 0x1F, 0o17, +12, .5, 1e3, TRUE, ~, NULL]\n": {
      a: ["yes", "on", "1:30", 31, 15, 12, 0.5, 1000, true, null, null],
    },
    'config:\n  a: ["0777", "2024-01-01", "1_000"]\n': { a: ["0777", "2024-01-01", "1_000"] },
  };
  for (const [text, content] of Object.entries(taken)) {
    it(`is what Pulumi reads of ${JSON.stringify(text)}`, () => {
      assert.deepEqual(JSON.parse(refusal(text)), content);
    });
  }

  const name = `Pulumi.settings-file-${process.pid}.yaml`;
  const file = join(projectFolder, name);

  function read(content: Buffer): string {
    writeFileSync(file, content);
    try {
      return readSettingsFile(name)?.text ?? "none";
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return error.message;
    } finally {
      rmSync(file);
    }
  }

  it("is text in UTF-8, with a mark of that or without", () => {
    assert.equal(read(Buffer.from("\ufeffconfig: {a: \u00e4\ufffd}")), "config: {a: \u00e4\ufffd}");
    const rest = `must be text in UTF-8, got a byte of another encoding; save it as UTF-8\nnothing was changed\n  next: correct ${name}`;
    assert.equal(read(Buffer.from(`config:\n  a: ${secret} \u00e9`, "latin1")), `${name}:2:14: ${rest}`);
    assert.equal(read(Buffer.from("\ufeffconfig:", "utf16le")), `${name}:1:1: ${rest}`);
  });

  it("is not there, or a file", () => {
    assert.equal(readSettingsFile(name), undefined);
    mkdirSync(file);
    try {
      assert.throws(() => readSettingsFile(name), {
        message: `${name}: must be a file that can be read, got EISDIR\n  next: correct that`,
      });
    } finally {
      rmdirSync(file);
    }
  });
});

describe("what a stack's file takes from Pulumi ESC", () => {
  const files: readonly (readonly [text: string, found: string | undefined])[] = [
    ["config: {}\n", undefined],
    ["environment:\n", undefined],
    ["environment: [shop/dev]\n", "shop/dev"],
    ["environment: {imports: [shop/dev, shop/common], values: {}}\n", "shop/dev, shop/common"],
    ["environment: {values: {pulumiConfig: {}}}\n", "an environment in the file itself"],
  ];
  for (const [text, found] of files) {
    it(`is ${found ?? "nothing"}: ${JSON.stringify(text)}`, () => {
      assert.equal(environmentsOf({ name: "Pulumi.dev.yaml", text }), found);
    });
  }
});
