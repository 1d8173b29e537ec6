import assert from "node:assert/strict";
import { probesOf, type Probes } from "../../components/platform/probes.ts";
import { serviceProbes } from "../../components/service-probes.ts";
import { judgedServiceArgs, type ServiceInput } from "../../config/service-args.ts";

function probesOfService(given: ServiceInput): Probes {
  return serviceProbes(judgedServiceArgs({ image: "checkout:1", ...given }).args);
}

const patience = { initialDelaySeconds: 0, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 };
const none: Probes = { readiness: "none", liveness: "none", startup: "none", selfCheck: "none", gates: false };

describe("the probes of a service", () => {
  it("are none unless it has some", () => {
    assert.deepEqual(probesOfService({}), none);
  });

  it("are those of one address with a health check", () => {
    assert.deepEqual(
      probesOfService({ healthCheck: { port: 81, path: "/live", command: ["check"] } }),
      probesOf({
        ...{ port: 81, httpPath: "/live", selfCheck: ["check"], intervalSeconds: 10, startPeriodSeconds: 30 },
        gates: false,
      }),
    );
  });

  it("are each what it says of them: over the network if they can be asked so", () => {
    assert.deepEqual(
      probesOfService({
        readiness: { http: { port: 80, path: "/ready" }, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 4 },
        liveness: { tcp: 81, command: ["live"], initialDelaySeconds: 7 },
        startup: { command: ["started"] },
      }),
      {
        ...none,
        readiness: {
          ask: { kind: "http", port: 80, path: "/ready" },
          ...{ initialDelaySeconds: 0, periodSeconds: 1, timeoutSeconds: 2, failureThreshold: 4 },
        },
        liveness: { ask: { kind: "tcp", port: 81 }, ...patience, initialDelaySeconds: 7 },
        startup: { ask: { kind: "command", command: ["started"] }, ...patience },
      },
    );
  });

  it("have the command of its readiness as the one check from within, with the time that a start may take", () => {
    const selfCheck = (given: ServiceInput): unknown => probesOfService(given).selfCheck;
    const readiness = { http: { port: 80, path: "/" }, command: ["ready"], periodSeconds: 60 };
    const check = { ...patience, periodSeconds: 60, command: ["ready"] };
    assert.deepEqual(selfCheck({ readiness }), { ...check, initialDelaySeconds: 30 });
    assert.deepEqual(selfCheck({ readiness: { ...readiness, initialDelaySeconds: 50 } }), {
      ...check,
      initialDelaySeconds: 50,
    });
    assert.deepEqual(selfCheck({ readiness, startup: { tcp: 1, initialDelaySeconds: 5, failureThreshold: 20 } }), {
      ...check,
      initialDelaySeconds: 205,
    });
    assert.equal(selfCheck({ readiness: { tcp: 80 }, liveness: { command: ["live"] } }), "none");
  });
});
