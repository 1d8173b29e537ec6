import assert from "node:assert/strict";
import { parse } from "yaml";
import { datasources, generatedDatasources } from "../../../config/grafana/datasources.ts";
import { datasourceProblems, datasourceSecrets } from "../../../config/grafana/own-datasources.ts";
import { problemLines } from "../../../config/problem.ts";

const orders = { name: "Orders", uid: "orders", type: "prometheus", url: "http://prometheus:9090" };
const hidden = "got a value that is not shown";
const secretChange = "set a secret NAME and write $__file{/run/secrets/NAME}";

function linesOf(...given: readonly object[]): readonly string[] {
  return problemLines(datasourceProblems(given, ["token"]));
}

describe("data sources of the user", () => {
  it("come behind the stack's own, as they are but for the order of their names", () => {
    const own = { ...orders, jsonData: { z: 1, a: "$$" } };
    const file = parse(datasources([own])) as { readonly datasources: readonly object[] };
    assert.deepEqual(file.datasources, [...generatedDatasources, own]);
    assert.match(datasources([own]), /jsonData:\n {6}a: \$\$\n {6}z: 1\n/);
  });

  it("are valid with a secret that there is, alone or in a text", () => {
    const secureJsonData = { password: "$__file{/run/secrets/token}", header: "Bearer $__file{/run/secrets/token}" };
    assert.deepEqual(linesOf({ ...orders, secureJsonData }), []);
    assert.deepEqual(datasourceSecrets([{ ...orders, secureJsonData }]), ["token"]);
    assert.deepEqual(datasourceSecrets([]), []);
    assert.deepEqual(datasourceProblems("text", []), []);
  });

  const refusals: readonly (readonly [object, string])[] = [
    [
      { isDefault: true },
      "grafana.datasources.0.isDefault: must leave the default to the stack, got true; leave it out",
    ],
    [{ uid: "loki" }, `grafana.datasources.0.uid: must differ from the stack's Loki, got "loki"; choose another one`],
    [
      { name: "VictoriaMetrics" },
      `grafana.datasources.0.name: must differ from the stack's VictoriaMetrics, got "VictoriaMetrics"; choose another one`,
    ],
    [
      { secureJsonData: { password: "hunter2" } },
      `grafana.datasources.0.secureJsonData.password: must refer to a secret, ${hidden}; ${secretChange}`,
    ],
    [
      { secureJsonData: { password: 2 } },
      `grafana.datasources.0.secureJsonData.password: must refer to a secret, ${hidden}; ${secretChange}`,
    ],
    [
      { basicAuthPassword: "hunter2" },
      `grafana.datasources.0.basicAuthPassword: must be in secureJsonData, ${hidden}; ${secretChange} there`,
    ],
    [
      { url: "http://me:hunter2@prometheus:9090" },
      `grafana.datasources.0.url: must not hold a password, ${hidden}; use basicAuth, and in secureJsonData.basicAuthPassword ${secretChange}`,
    ],
    [
      { secureJsonData: { password: "$__file{/run/secrets/gone}" } },
      'grafana.datasources.0.secureJsonData.password: must refer to a secret that there is, got "$__file{/run/secrets/gone}"; set secrets.gone',
    ],
    [
      { jsonData: { a: ["$__file{/etc/passwd}"] } },
      'grafana.datasources.0.jsonData.a.0: must refer to secrets only, got "$__file{/etc/passwd}"; write $__file{/run/secrets/NAME}',
    ],
  ];
  for (const [change, line] of refusals) {
    it(`are refused: ${line.slice(0, 90)}`, () => {
      assert.deepEqual(linesOf({ ...orders, ...change }), [line]);
    });
  }

  it("are refused with one uid or name twice", () => {
    assert.deepEqual(linesOf(orders, orders), [
      'grafana.datasources.1.uid: must differ from grafana.datasources.0.uid, got "orders"; choose another one',
      'grafana.datasources.1.name: must differ from grafana.datasources.0.name, got "Orders"; choose another one',
    ]);
  });
});
