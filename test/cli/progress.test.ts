import assert from "node:assert/strict";
import { mock } from "node:test";
import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { Progress } from "../../cli/progress.ts";

const urn = (name: string): string => `urn:pulumi:dev::observability::docker:index/container:Container::${name}`;

/** The part of an event that the progress reads. */
function event(
  kind: "resourcePreEvent" | "resOutputsEvent" | "resOpFailedEvent",
  op: string,
  name: string,
): EngineEvent {
  const metadata = { op, urn: urn(name), type: "docker:index/container:Container" };
  return { sequence: 0, timestamp: 0, [kind]: { metadata } };
}

describe("the progress", () => {
  const lines: { readonly atMillis: number; readonly text: string }[] = [];
  let progress = new Progress(() => undefined);

  beforeEach(() => {
    mock.timers.enable({ apis: ["setInterval", "Date"], now: 0 });
    lines.length = 0;
    progress = new Progress((text) => lines.push({ atMillis: Date.now(), text }));
  });
  afterEach(() => {
    progress.stop();
    mock.timers.reset();
  });

  /** In small steps: within one step the clock is already at its end. */
  function pass(millis: number): void {
    for (let passed = 0; passed < millis; passed += 50) mock.timers.tick(50);
  }

  const texts = (): string[] => lines.map(({ text }) => text);

  it("prints a line at least every two seconds, whatever the deployment is silent about", () => {
    progress.phase("deploying the stack dev");
    // A line of its own just before the heartbeat's tick is the worst case.
    for (let passed = 0; passed < 60_000; passed += 50) {
      if (passed % 7_350 === 0) progress.line("something happened");
      pass(50);
    }
    const gaps = lines.slice(1).map(({ atMillis }, index) => atMillis - (lines[index]?.atMillis ?? 0));
    assert.ok(Math.max(...gaps) <= 2000, `silent for ${Math.max(...gaps)} ms`);
    assert.ok(60_000 - (lines.at(-1)?.atMillis ?? 0) <= 2000);
  });

  it("says what it waits for longest, and how much else", () => {
    progress.phase("deploying");
    progress.onEvent(event("resourcePreEvent", "create", "loki"));
    pass(100);
    progress.onEvent(event("resourcePreEvent", "create", "grafana"));
    pass(1900);
    progress.onEvent(event("resOutputsEvent", "create", "loki"));
    pass(2000);
    assert.deepEqual(texts(), [
      "   0.0s  deploying",
      "   1.8s  … creating loki (container) and 1 more",
      "   2.0s  creating loki (container): done",
      "   3.8s  … creating grafana (container)",
    ]);
  });

  it("says which resource failed", () => {
    progress.phase("deploying");
    progress.onEvent(event("resourcePreEvent", "replace", "loki"));
    progress.onEvent(event("resOpFailedEvent", "replace", "loki"));
    assert.deepEqual(texts(), ["   0.0s  deploying", "   0.0s  replacing loki (container): FAILED"]);
  });

  it("does not list what it only looked at, nor steps that change nothing", () => {
    for (const op of ["refresh", "same", "read"]) {
      progress.onEvent(event("resourcePreEvent", op, "loki"));
      progress.onEvent(event("resOutputsEvent", op, "loki"));
    }
    assert.deepEqual(texts(), []);
  });

  it("keeps what was changed, a replacement once, and what failed not at all", () => {
    const done = (op: string, name: string): void => {
      progress.onEvent(event("resourcePreEvent", op, name));
      progress.onEvent(event("resOutputsEvent", op, name));
    };
    for (const op of ["create-replacement", "replace", "delete-replaced"]) done(op, "loki");
    done("create", "jaeger");
    done("update", "backend");
    done("delete", "worker");
    done("same", "grafana");
    progress.onEvent(event("resourcePreEvent", "create", "otel-collector"));
    progress.onEvent(event("resOpFailedEvent", "create", "otel-collector"));
    assert.deepEqual(progress.changed, [
      { change: "replaced", name: "loki" },
      { change: "created", name: "jaeger" },
      { change: "updated", name: "backend" },
      { change: "deleted", name: "worker" },
    ]);
  });

  it("keeps the engine's errors for the end, without its colour marks, and no other diagnostics", () => {
    const diagnostic = (severity: "error" | "info", message: string): EngineEvent => ({
      sequence: 0,
      timestamp: 0,
      diagnosticEvent: { severity, message, color: "never", prefix: "" },
    });
    progress.onEvent(diagnostic("info", "not for you"));
    progress.onEvent(diagnostic("error", "<{%reset%}>port is already allocated<{%reset%}>\n"));
    assert.deepEqual(texts(), []);
    assert.deepEqual(progress.problems, ["port is already allocated"]);
  });

  it("is silent before the first phase and after its end", () => {
    pass(10_000);
    progress.phase("deploying");
    progress.stop();
    pass(10_000);
    assert.deepEqual(texts(), ["  10.0s  deploying"]);
  });
});
