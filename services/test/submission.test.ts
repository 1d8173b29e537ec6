import assert from "node:assert/strict";
import fc from "fast-check";
import { parseSubmission } from "../backend/submission.ts";
import { HttpError } from "../shared/http-error.ts";

const parse = (body: unknown) => parseSubmission(body, () => "none");

describe("a submission", () => {
  it("needs nothing but a script", () => {
    assert.deepEqual(parse({ script: "print(1)" }), { script: "print(1)", language: "python", fault: "none" });
  });

  it("keeps the id and the language that the client chose", () => {
    assert.deepEqual(parse({ script: "x", language: "go", execution_id: "abc123", simulate: "slow:backend" }), {
      script: "x",
      language: "go",
      execution_id: "abc123",
      fault: { kind: "slow", at: "backend" },
    });
  });

  const wrong: readonly (readonly [body: unknown, detail: string])[] = [
    [[], "body: must be a JSON object, got []"],
    [null, "body: must be a JSON object, got null"],
    [{ script: "x", lang: "go" }, 'body: may have the fields script, language, execution_id, simulate, got "lang"'],
    [{}, "script: must be a text of 1 to 16384 characters, got nothing"],
    [{ script: "" }, 'script: must be a text of 1 to 16384 characters, got ""'],
    [
      { script: "x".repeat(16_385) },
      `script: must be a text of 1 to 16384 characters, got "${"x".repeat(99)}… (16387 characters)`,
    ],
    [{ script: "x", language: "cobol" }, 'language: must be one of python, javascript, go, ruby, bash, got "cobol"'],
    [{ script: "x", execution_id: "a b" }, 'execution_id: must be 1 to 64 letters, digits, - or _, got "a b"'],
    [{ script: "x", execution_id: "" }, 'execution_id: must be 1 to 64 letters, digits, - or _, got ""'],
    [
      { script: "x", simulate: "crash" },
      'simulate: must be random, none, error, slow, error:<service> or slow:<service>, got "crash"',
    ],
  ];
  for (const [body, detail] of wrong) {
    it(`is refused: ${detail.slice(0, 100)}`, () => {
      assert.throws(() => parse(body), { name: "HttpError", status: 400, message: detail });
    });
  }

  it("is taken or refused with 400, never anything else, whatever the body", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        try {
          parse(body);
        } catch (error) {
          assert.ok(error instanceof HttpError && error.status === 400);
        }
      }),
    );
  });
});
