import assert from "node:assert/strict";
import { join } from "node:path";
import { exampleServiceNames, exampleServices, type ExampleService } from "../../config/example-services.ts";
import { programSettings } from "../../config/program-settings.ts";
import { reservedVariables } from "../../config/otel-env.ts";

const identity = { project: "observability", stack: "dev" };
const folder = join("/repository", "services");

function services(config: Readonly<Record<string, string>> = {}): readonly ExampleService[] {
  const prefixed = Object.fromEntries(Object.entries(config).map(([key, value]) => [`observability:${key}`, value]));
  return exampleServices(programSettings(prefixed, identity), folder);
}

describe("the program's settings", () => {
  const port = "must be a whole number from 1024 to 65535 (the lower ones are reserved for the system)";
  const rate = "must be a number from 0.001 to 1000";
  const slower = "set for example 2; `load.enabled: false` turns the load off";
  const retention =
    "must be a whole number of hours from 24 to 876000 (a day to 100 years, which all three stores can keep)";
  const refusals: readonly (readonly [Record<string, string>, string])[] = [
    [{ apiPort: "0" }, `apiPort: ${port}, got 0; choose one that is free, for example 8080`],
    [{ apiPort: "80" }, `apiPort: ${port}, got 80; choose one that is free, for example 8080`],
    [{ apiPort: "70000" }, `apiPort: ${port}, got 70000; choose one that is free, for example 8080`],
    [{ apiPort: "8080.5" }, `apiPort: ${port}, got 8080.5; choose one that is free, for example 8080`],
    [{ apiPort: "3100" }, "apiPort: must differ from ports.loki, got 3100; choose another port for one of the two"],
    [
      { ports: '{"jaeger":8080}' },
      "ports.jaeger: must differ from apiPort, got 8080; choose another port for one of the two",
    ],
    [
      { exampleServices: "maybe" },
      'exampleServices: must be true or false, got "maybe"; write true or false, without quotes',
    ],
    [{ load: '{"requestsPerSecond":0}' }, `load.requestsPerSecond: ${rate}, got 0; ${slower}`],
    [{ load: '{"requestsPerSecond":1001}' }, `load.requestsPerSecond: ${rate}, got 1001; ${slower}`],
    [
      { load: '{"requestPerSecond":1}' },
      "load.requestPerSecond: is no setting, got a value that is not shown; did you mean load.requestsPerSecond?",
    ],
    [
      { services: '{"backend":{"replicas":0}}' },
      "services.backend.replicas: must be a whole number from 1 to 100, got 0; choose one in the range",
    ],
    [
      { services: '{"backend":{"replicas":1.5}}' },
      "services.backend.replicas: must be a whole number from 1 to 100, got 1.5; choose one in the range",
    ],
    [
      { services: '{"backned":{}}' },
      "services.backned: is no setting, got an empty group; did you mean services.backend?",
    ],
    [
      { services: '{"web":{}}' },
      `services.web: is no setting, got an empty group; remove it, or use one of ${exampleServiceNames.join(", ")}`,
    ],
    [
      { services: '{"backend":{"env":{"1ST":"x"}}}' },
      'services.backend.env.1ST: must be a name for a variable (letters, digits and _, no digit first), got "1ST"; give it such a name',
    ],
    [
      { services: '{"backend":{"env":{"PORT":80}}}' },
      "services.backend.env.PORT: must be text, got a value that is not shown; put the value in quotes",
    ],
    [
      { services: '{"backend":{"env":["PORT=80"]}}' },
      "services.backend.env: must be variables by name, got a list; write `NAME: value` below it, or leave it out",
    ],
    [
      { retentiondays: "1" },
      "retentiondays: is no setting, got a value that is not shown; did you mean retentionHours?",
    ],
  ];
  for (const [config, problem] of refusals) {
    it(`refuse ${JSON.stringify(config)}`, () => {
      assert.throws(() => services(config), {
        message: `the configuration has 1 problem(s), nothing was changed (OBS1001):\n  ${problem}`,
      });
    });
  }

  it("refuse every variable that the stack injects, of every service, under the path that the user wrote", () => {
    const names = exampleServiceNames.slice(0, 3);
    const env = Object.fromEntries([...reservedVariables].map((name) => [name, "mine"]));
    const overrides = Object.fromEntries(names.map((name) => [name, { env }]));
    const lines = names.flatMap((name) =>
      [...reservedVariables].map(
        (variable) =>
          `  services.${name}.env.${variable}: must not replace what the stack injects, got a value that is not shown; remove it`,
      ),
    );
    assert.ok(lines.length > 3 * 10);
    // One that breaks another rule hides none of them.
    const config = { services: JSON.stringify({ ...overrides, "event-replay": { replicas: 0 } }) };
    assert.throws(() => services(config), {
      message: [
        `the configuration has ${lines.length + 1} problem(s), nothing was changed (OBS1001):`,
        "  services.event-replay.replicas: must be a whole number from 1 to 100, got 0; choose one in the range",
        ...lines,
      ].join("\n"),
    });
  });

  it("leave these variables to the user where nothing is injected, or no service runs", () => {
    const overrides = { services: '{"backend":{"env":{"OTEL_SERVICE_NAME":"mine"}}}' };
    const [backend] = services({ ...overrides, observability: "false" });
    assert.deepEqual(backend?.env, { OTEL_SERVICE_NAME: "mine" });
    assert.deepEqual(services({ ...overrides, exampleServices: "false" }), []);
  });

  it("let a port of the stack have the API's number where there is no example", () => {
    const { stack } = programSettings(
      { "observability:ports": '{"grafana":8080}', "observability:exampleServices": "false" },
      identity,
    );
    assert.equal(stack.ports.grafana, 8080);
  });

  it("report the problems of the stack and of the example together", () => {
    assert.throws(() => services({ apiPort: "0", retentionHours: "1" }), {
      message: [
        "the configuration has 2 problem(s), nothing was changed (OBS1001):",
        `  retentionHours: ${retention}, got 1; set at least 24, for example 720 for 30 days`,
        `  apiPort: ${port}, got 0; choose one that is free, for example 8080`,
      ].join("\n"),
    });
  });

  it("are the derived ones as well: a long stack gives no name that fits", () => {
    assert.throws(() => programSettings({}, { project: "observability", stack: "s".repeat(30) }), {
      message: /\n {2}name: must be at most 40 .*, got "observability-s{30}"; set one that fits, /,
    });
  });

  it("keep the stack's part and the example's apart", () => {
    const { stack, example } = programSettings({ "observability:serviceNamespace": "integr8scode" }, identity);
    assert.equal(stack.serviceNamespace, "integr8scode");
    assert.deepEqual(example, {
      exampleServices: true,
      apiPort: 8080,
      load: { enabled: true, requestsPerSecond: 2 },
      services: {},
    });
    assert.equal("apiPort" in stack, false);
  });
});
