import assert from "node:assert/strict";
import { plannedContainer } from "../../bench/planned-container.ts";
import { toldNumbers } from "../../bench/variants.ts";
import { previewStack } from "../../components/testing.ts";
import { parse } from "yaml";

describe("a Collector that tells its numbers to a bench", () => {
  it("is that of the stack, but for the address at which it tells them", async () => {
    const { resources } = await previewStack();
    const [file] = plannedContainer(resources, "otel-collector").uploads;
    const planned = String(file?.content);
    const told = toldNumbers.file?.("otel-collector", planned) ?? "";
    const ofLoopback = "host: 127.0.0.1";
    assert.equal(planned.split(ofLoopback).length, 2);
    assert.deepEqual(parse(told), parse(planned.replace(ofLoopback, "host: 0.0.0.0")));
  });
});
