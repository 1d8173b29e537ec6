import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import fc from "fast-check";
import { programLanguage } from "../../../cli/why/program.ts";

describe("the language of a compiled program", () => {
  const mark = Buffer.from("\xff Go buildinf:", "latin1");
  const chunks = (file: Buffer, size: number): Readable =>
    Readable.from(
      Array.from({ length: Math.ceil(file.length / size) }, (_, index) =>
        file.subarray(index * size, (index + 1) * size),
      ),
    );

  it("is Go wherever its mark is, however the file is read (property)", async () => {
    const around = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(around, around, fc.integer({ min: 1, max: 20 }), async (before, after, size) => {
        assert.equal(await programLanguage(chunks(Buffer.concat([before, mark, after]), size)), "go");
        const none = Buffer.concat([before, mark.subarray(1), after]).map((byte) => (byte === 0xff ? 0 : byte));
        assert.equal(await programLanguage(chunks(Buffer.from(none), size)), undefined);
      }),
    );
  });

  it("is not known of Node.js itself", async () => {
    assert.equal(await programLanguage(createReadStream(process.execPath)), undefined);
  });
});
