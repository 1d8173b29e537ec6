import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { NotConnected } from "../../../cli/why/exchange.ts";
import { connectionThrough } from "../../../cli/why/pipe.ts";

describe("a connection through a tool", () => {
  it("hands on both ways, and ends as the tool ends", async () => {
    const pipe = {
      input: new PassThrough(),
      output: new PassThrough(),
      errors: new PassThrough(),
      stop: () => undefined,
    };
    const ended = Promise.withResolvers<boolean>();
    const stream = connectionThrough(pipe, ended.promise);
    stream.write("question");
    assert.equal(String((await pipe.input.iterator().next()).value), "question");
    pipe.output.write("answer");
    await new Promise(setImmediate);
    // It ends badly when the other side has closed first.
    ended.resolve(false);
    assert.equal(await text(stream), "answer");
  });

  it("is none with the tool's own words if it ends without an answer, and stops the tool when nobody needs it", async () => {
    let stopped = 0;
    const errors = new PassThrough();
    const stop = (): void => {
      stopped += 1;
    };
    const ended = Promise.withResolvers<boolean>();
    const stream = connectionThrough(
      { input: new PassThrough(), output: new PassThrough(), errors, stop },
      ended.promise,
    );
    errors.write("nc: bad address 'nobody'\n");
    await new Promise(setImmediate);
    ended.resolve(false);
    await assert.rejects(text(stream), new NotConnected("bad address 'nobody'"));
    assert.equal(stopped, 1);
  });
});
