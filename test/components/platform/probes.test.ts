import assert from "node:assert/strict";
import { probesOf } from "../../../components/platform/probes.ts";

describe("the probes of a process with one address", () => {
  const given = { port: 80, selfCheck: ["check"], intervalSeconds: 2, startPeriodSeconds: 20, gates: true } as const;
  const selfCheck = {
    ...{ initialDelaySeconds: 20, periodSeconds: 30, timeoutSeconds: 10, failureThreshold: 3 },
    command: ["check"],
  };

  it("ask it often whether connections may come, and rarely whether it has to be started anew", () => {
    const ask = { kind: "http", port: 80, path: "/ready" };
    assert.deepEqual(probesOf({ ...given, httpPath: "/ready" }), {
      readiness: { ask, initialDelaySeconds: 0, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 3 },
      liveness: { ask, initialDelaySeconds: 20, periodSeconds: 30, timeoutSeconds: 10, failureThreshold: 10 },
      startup: "none",
      selfCheck,
      gates: true,
    });
  });

  it("ask nothing where there is nothing to ask", () => {
    const none = { readiness: "none", liveness: "none", startup: "none", gates: false } as const;
    assert.deepEqual(probesOf({ ...given, httpPath: "none", gates: false }), { ...none, selfCheck });
    assert.deepEqual(probesOf({ ...given, httpPath: "none", selfCheck: "none", gates: false }), {
      ...none,
      selfCheck: "none",
    });
  });
});
