import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createNoopMeter, type Meter, type MetricOptions } from "@opentelemetry/api";
import { backendInstruments } from "../backend/backend.ts";
import { dlqInstruments } from "../dlq-processor/dlq-processor.ts";
import { replayInstruments } from "../event-replay/event-replay.ts";
import { podInstruments } from "../k8s-worker/k8s-worker.ts";
import { watchInstruments } from "../pod-monitor/pod-monitor.ts";
import { resultInstruments } from "../result-processor/result-processor.ts";
import { sagaInstruments } from "../saga-orchestrator/saga-orchestrator.ts";
import { consumerInstruments, producerInstruments } from "../shared/instruments.ts";
import { serviceNames } from "../shared/destinations.ts";

type Row = readonly [service: string, metric: string, kind: string, unit: string, description: string];

describe("the metrics", () => {
  it("are exactly those of the table in the README", () => {
    assert.deepEqual(readmeRows(), createdRows());
  });

  it("have the naming rules of the semantic conventions, and a unit and a description each", () => {
    for (const [, metric, , unit, description] of createdRows()) {
      assert.match(metric, /^[a-z0-9]+(\.[a-z_]+)+$/);
      assert.match(unit, /^(s|By|\{[a-z]+\})$/);
      assert.match(description, /^[A-Z].*[^.]$/);
    }
  });

  it("are at least three a service", () => {
    for (const name of serviceNames) {
      assert.ok(createdRows().filter(([service]) => service === name).length >= 3, name);
    }
  });
});

function createdRows(): Row[] {
  const rows: Row[] = [];
  const meter = (service: string): Meter =>
    recordingMeter((kind, name, { unit = "", description = "" }) => {
      rows.push([service, name, kind, unit, description]);
    });
  backendInstruments(meter("backend"), () => 0);
  dlqInstruments(meter("dlq-processor"), []);
  replayInstruments(meter("event-replay"));
  podInstruments(meter("k8s-worker"));
  watchInstruments(meter("pod-monitor"), () => 0);
  resultInstruments(meter("result-processor"), () => 0);
  sagaInstruments(meter("saga-orchestrator"));
  producerInstruments(meter("all"));
  consumerInstruments(meter("all"), () => 0);
  return rows;
}

function readmeRows(): Row[] {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  return readme.split("\n").flatMap((line) => {
    const [, service, metric = "", kind, unit = "", description] = line.split("|").map((cell) => cell.trim());
    if (service === undefined || kind === undefined || description === undefined || !metric.startsWith("`")) return [];
    return [[service, metric.replaceAll("`", ""), kind, unit.replaceAll("`", ""), description] as const];
  });
}

/** A meter that tells which instruments were asked for. */
function recordingMeter(record: (kind: string, name: string, options: MetricOptions) => void): Meter {
  return new Proxy(createNoopMeter(), {
    get: (target, property) => {
      const create: unknown = Reflect.get(target, property);
      if (typeof property !== "string" || typeof create !== "function") return create;
      return (name: string, options: MetricOptions = {}): unknown => {
        const kind = property
          .replace(/^create(Observable)?/, "")
          .replace("UpDown", "up-down ")
          .toLowerCase();
        record(kind, name, options);
        return Reflect.apply(create, target, [name, options]);
      };
    },
  });
}
