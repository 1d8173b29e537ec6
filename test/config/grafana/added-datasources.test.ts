import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { datasources } from "../../../config/grafana/datasources.ts";
import { grafanaReferences, secretsIn } from "../../../config/expansion.ts";
import { datasourceProblems } from "../../../config/grafana/added-datasources.ts";
import { stackDatasources } from "../../support/settings.ts";
import { problemLines } from "../../../config/problem.ts";
import { asGrafanaReads } from "../../support/grafana-expansion.ts";

const orders = { name: "Orders", uid: "orders", type: "prometheus", url: "http://prometheus:9090" };
const token = "$__file{/run/secrets/token}";
const hidden = "got a value that is not shown";
const secretChange = "set a secret NAME and write $__file{/run/secrets/NAME}";

function linesOf(...given: readonly object[]): readonly string[] {
  return problemLines(datasourceProblems(given, stackDatasources, ["token"]));
}

/** The last data source of the file as Grafana has it. */
function read(own: object): unknown {
  const file = parse(datasources(stackDatasources, [own])) as { readonly datasources: readonly object[] };
  return asGrafanaReads(file.datasources.at(-1), { HOME: "/root", DOLLAR_SIGN: "$" }, { "/run/secrets/token": "t" });
}

describe("data sources of the user", () => {
  it("come behind the stack's own, their names sorted and their texts in quotes", () => {
    const own = { ...orders, jsonData: { z: 1, a: "$$", 1: "0b1" } };
    const file = parse(datasources(stackDatasources, [own])) as { readonly datasources: readonly object[] };
    assert.deepEqual(file.datasources, [...stackDatasources, own]);
    assert.match(datasources(stackDatasources, [own]), /"jsonData":\n {6}"1": "0b1"\n {6}"a": "\$\$"\n {6}"z": 1\n/);
  });

  it("are valid with a secret that there is, alone where it is kept, or in another text", () => {
    const own = { ...orders, secureJsonData: { password: token }, jsonData: { hint: `see ${token}` } };
    assert.deepEqual(linesOf(own), []);
    assert.deepEqual(secretsIn([own], grafanaReferences), ["token"]);
    assert.deepEqual(secretsIn([], grafanaReferences), []);
    assert.deepEqual(datasourceProblems("text", stackDatasources, []), []);
  });

  it("are to Grafana what they were written as: only $$ and a secret's file are something else", () => {
    const part = fc.constantFrom(
      "$",
      "$$",
      "{",
      "}",
      "HOME",
      "${HOME}",
      "$__env{HOME}",
      "$HOME",
      token,
      "a",
      "__file",
      "$__file{",
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const written = parts.join("");
        const url = read({ ...orders, url: written, jsonData: { a: [{ b: written }] } });
        const meant = written.replaceAll(/\$\$|\$__file\{[^}]*\}/g, (found) =>
          found === "$$" ? "$" : found === token ? "t" : `<${found}>`,
        );
        // What is another file is refused.
        if (datasourceProblems([{ ...orders, url: written }], stackDatasources, ["token"]).length > 0) return;
        assert.deepEqual(url, { ...orders, url: meant, jsonData: { a: [{ b: meant }] } });
      }),
    );
  });

  it("may have a name that only looks like one of the stack's, and not one that is", () => {
    assert.deepEqual(linesOf({ ...orders, name: "Loki${NOPE}" }, { ...orders, uid: "b", name: "loki" }), []);
    assert.deepEqual(read({ ...orders, name: "Loki${NOPE}" }), { ...orders, name: "Loki${NOPE}" });
    assert.deepEqual(linesOf({ ...orders, name: "A$$" }, { ...orders, uid: "b", name: "A$" }), [
      'grafana.datasources.1.name: must differ from grafana.datasources.0.name, got "A$"; choose another one',
    ]);
  });

  const misplaced = (path: string): string =>
    `grafana.datasources.0.${path}: must be in secureJsonData, ${hidden}; ${secretChange} there`;
  const notOnly = (path: string): string =>
    `grafana.datasources.0.secureJsonData.${path}: must be a reference to a secret and nothing else, ${hidden}; ${secretChange}, with all of the text in the secret`;
  const inUrl = `grafana.datasources.0.url: must not hold a login or another secret, ${hidden}; use basicAuth, or in secureJsonData what the data source has for it: ${secretChange} there`;
  const refusals: readonly (readonly [object, string])[] = [
    [{ uid: "loki" }, `grafana.datasources.0.uid: must differ from the stack's Loki, got "loki"; choose another one`],
    [
      { name: "VictoriaMetrics" },
      `grafana.datasources.0.name: must differ from the stack's VictoriaMetrics, got "VictoriaMetrics"; choose another one`,
    ],
    [
      { name: `Loki${token}` },
      `grafana.datasources.0.name: must be plain text, got "Loki${token}"; write the name itself, with $$ for a dollar sign`,
    ],
    ...[
      "hunter2",
      2,
      ["hunter2"],
      null,
      `Bearer ${token}`,
      `plain${token}`,
      `${token}${token}`,
      `$${token}`,
      { a: token },
    ].map((password): readonly [object, string] => [{ secureJsonData: { password } }, notOnly("password")]),
    ...["basicAuthPassword", "password", "accessToken"].map((field): readonly [object, string] => [
      { [field]: "hunter2" },
      misplaced(field),
    ]),
    ...[
      ...["password", "httpHeaderValue1", "httpHeaderValue12", "tlsClientKey", "clientSecret", "sigV4AccessKey"],
      ...["api_key", "apiKey", "sessionToken", "privateKey", "token", "db-passwd", "azureCredentials"],
    ].map((field): readonly [object, string] => [{ jsonData: { [field]: "hunter2" } }, misplaced(`jsonData.${field}`)]),
    [{ jsonData: { a: [{ password: 2 }] } }, misplaced("jsonData.a.0.password")],
    [{ jsonData: { password: token } }, misplaced("jsonData.password")],
    ...["http://me:hunter2@a:9090", "http://hunter2@a", "me:hunter2@a", "http://a/?token=hunter2", "//x@y"].map(
      (url): readonly [object, string] => [{ url }, inUrl],
    ),
    [
      { secureJsonData: { password: "$__file{/run/secrets/gone}" } },
      'grafana.datasources.0.secureJsonData.password: must refer to a secret that there is, got "$__file{/run/secrets/gone}"; set secrets.gone',
    ],
    [
      { jsonData: { a: ["$__file{/etc/passwd}"] } },
      'grafana.datasources.0.jsonData.a.0: must refer to secrets only, got "$__file{/etc/passwd}"; write $__file{/run/secrets/NAME}',
    ],
    [
      { correlations: [{ label: "a", description: "b", targetUID: "gone" }] },
      'grafana.datasources.0.correlations.0.targetUID: must be the uid of a data source that there is, got "gone"; add that, or name another one',
    ],
  ];
  for (const [change, line] of refusals) {
    it(`are refused with ${JSON.stringify(change)}`, () => {
      const lines = linesOf({ ...orders, ...change });
      assert.deepEqual(lines, [line]);
      assert.doesNotMatch(lines.join(), /hunter2/);
    });
  }

  it("are not taken for secrets where a name only looks like one", () => {
    const jsonData = {
      ...{
        httpHeaderName1: "X-Tenant",
        tokenUri: "https://a",
        tlsAuth: true,
        useToken: true,
        password: "",
        keepCookies: [],
      },
      tracesToLogsV2: { tags: [{ key: "service.name", value: "service" }] },
      ...{
        sslKeyFile: "/a",
        defaultRegion: "eu",
        timeInterval: "15s",
        exemplarTraceIdDestinations: [{ name: "trace_id" }],
      },
    };
    assert.deepEqual(linesOf({ ...orders, jsonData, url: "http://a/b@c?query=d" }), []);
  });

  it("are refused with one uid or name twice", () => {
    assert.deepEqual(linesOf(orders, orders), [
      'grafana.datasources.1.uid: must differ from grafana.datasources.0.uid, got "orders"; choose another one',
      'grafana.datasources.1.name: must differ from grafana.datasources.0.name, got "Orders"; choose another one',
    ]);
  });
});
