import assert from "node:assert/strict";
import type { CheckResult } from "../../../cli/verification/checks.ts";
import { line, table, verify } from "../../../cli/verification/verify.ts";
import { Docker } from "../../../cli/docker/docker.ts";
import { dockerTarget } from "../../../cli/docker/docker-target.ts";
import { noPlan } from "../../../cli/preview/planned-program.ts";
import { programSettings } from "../../../config/program-settings.ts";
import { FakeGrafana } from "../../support/fake-grafana.ts";
import { fakeCommand } from "../../support/fake-command.ts";

const results: readonly CheckResult[] = [
  { name: "log in Loki", passed: true, detail: "9 line(s) of 5 service(s)", afterMillis: 1234 },
  {
    name: "trace in Jaeger",
    passed: false,
    cause: "not found within 30 s",
    next: "docker logs observability-dev-jaeger",
  },
];

describe("the result of a verification", () => {
  it("is a table: what passed with the time it took, what failed with its cause and the next command", () => {
    assert.deepEqual(table(results).split("\n"), [
      "  check            result  emit to found",
      "  log in Loki      passed    1.2 s  9 line(s) of 5 service(s)",
      "  trace in Jaeger  FAILED           not found within 30 s",
      "                   next:   docker logs observability-dev-jaeger",
      "  code: OBS1507, docs/errors/OBS1507.md",
    ]);
  });

  it("is one line each as it comes in", () => {
    assert.deepEqual(results.map(line), [
      "ok      log in Loki: 9 line(s) of 5 service(s)",
      "FAILED  trace in Jaeger: not found within 30 s",
    ]);
  });
});

describe("a verification", () => {
  it("asks for the metric of the service that has the API, wherever it stands among the services", async () => {
    const grafana = await FakeGrafana.start({
      "/api/health": { version: "12.3.1" },
      "/api/datasources/proxy/uid/victoria-metrics/api/v1/query": { data: { result: [] } },
    });
    const docker = fakeCommand("docker", "echo []");
    try {
      const outputs = {
        urls: { grafana: grafana.url, api: grafana.url },
        grafanaUser: "admin",
        grafanaPassword: "secret",
        serviceNames: ["shop-saga-orchestrator", "shop-backend"],
        instances: [],
      };
      const settings = programSettings({}, { project: "observability", stack: "dev" });
      const target = dockerTarget(settings, "dev", noPlan, new Docker(undefined, docker.env));
      const [, reached] = await verify(outputs, target, () => undefined);
      assert.match(JSON.stringify(reached), /POST [^ ]+\/api\/v1\/executions answered 404/);
      const asked = grafana.seen.flatMap(({ parameters }) => parameters["query"] ?? []);
      assert.equal(asked.length, 1);
      assert.match(asked[0] ?? "", /service_name="shop-backend"/);
    } finally {
      docker.remove();
      await grafana.stop();
    }
  });
});
