import assert from "node:assert/strict";
import { parseSettings } from "../../../config/parse-settings.ts";
import { recordedIdentity } from "../../support/record-resources.ts";

const plain = { name: "X", type: "prometheus", uid: "x" };
const hidden = "got a value that is not shown";

function linesOf(change: object): readonly string[] {
  try {
    parseSettings({ grafana: { datasources: [{ ...plain, ...change }] } }, recordedIdentity);
    return [];
  } catch (error) {
    if (error instanceof Error) return error.message.split("\n").slice(1);
    throw error;
  }
}

describe("the fields of a data source", () => {
  it("may all be there as Grafana takes them, and any others", () => {
    const config = { type: "query", field: "a", target: { expr: "b" } };
    const all = {
      ...{
        access: "direct",
        orgId: 1,
        orgName: "o",
        version: 2,
        url: "http://a",
        user: "u",
        database: "d",
        basicAuth: true,
      },
      ...{ basicAuthUser: "b", withCredentials: true, isDefault: false, editable: true, readOnly: "maybe", more: [1] },
      jsonData: { a: null, b: [1, { c: "d" }] },
      secureJsonData: {},
      correlations: [
        { label: "a", description: "b", targetUID: "loki", config },
        { label: "a", description: "b", targetUID: "x" },
      ],
    };
    assert.deepEqual(linesOf(all), []);
    assert.deepEqual(linesOf({}), []);
  });

  // Each of them keeps Grafana 10 from starting, but for access, which it takes for proxy.
  const refusals: readonly (readonly [object, string, string])[] = [
    ...["true", 1, true].map((isDefault): readonly [object, string, string] => [
      { isDefault },
      "isDefault",
      `must leave the default to the stack, got ${JSON.stringify(isDefault)}; leave it out`,
    ]),
    ...["editable", "basicAuth", "withCredentials"].map((field): readonly [object, string, string] => [
      { [field]: "maybe" },
      field,
      'must be true or false, got "maybe"; write true or false, without quotes',
    ]),
    ...["one", 2, "1"].map((orgId): readonly [object, string, string] => [
      { orgId },
      "orgId",
      `must be 1, the only organisation that there is, got ${JSON.stringify(orgId)}; leave it out`,
    ]),
    ...["hunter2", ["hunter2"], 5].flatMap((value): readonly (readonly [object, string, string])[] => [
      [
        { jsonData: value },
        "jsonData",
        `must be a group of the data source's settings, ${Array.isArray(value) ? "got a list" : hidden}; write \`name: value\` below it, or leave it out`,
      ],
      [
        { secureJsonData: value },
        "secureJsonData",
        `must be a group of references to secrets, ${Array.isArray(value) ? "got a list" : hidden}; write \`name: value\` below it, or leave it out`,
      ],
    ]),
    ...["url", "user", "database", "basicAuthUser", "orgName"].map((field): readonly [object, string, string] => [
      { [field]: ["hunter2"] },
      field,
      "must be text, got a list; put it in quotes",
    ]),
    [{ version: "x" }, "version", 'must be a whole number from 0 to 2147483647, got "x"; leave it out'],
    [{ access: "x" }, "access", 'must be one of proxy, direct, got "x"; write proxy, or leave it out'],
    [
      { correlations: "hunter2" },
      "correlations",
      `must be a list of correlations, ${hidden}; write - in front of each`,
    ],
    [
      { correlations: ["hunter2"] },
      "correlations.0",
      `must be a correlation, ${hidden}; write label, description and targetUID below it`,
    ],
    [
      { correlations: [{ description: "b", targetUID: "x" }] },
      "correlations.0.label",
      "must be text, got nothing; give it one",
    ],
    [
      { correlations: [{ label: "a", description: "b", targetUID: "x", config: { type: "external", field: "a" } }] },
      "correlations.0.config.type",
      "must be one of query, got a value that is not shown; write query, or leave it out",
    ],
  ];
  for (const [change, path, text] of refusals) {
    it(`are refused with ${JSON.stringify(change)}`, () => {
      assert.deepEqual(linesOf(change), [`  grafana.datasources.0.${path}: ${text}`]);
    });
  }
});
