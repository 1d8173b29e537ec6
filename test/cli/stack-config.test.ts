import assert from "node:assert/strict";
import { stackConfig as configOf } from "../../cli/stack-config.ts";

const stackConfig = (projectText: string, stackText: string, name: string): Record<string, string> =>
  configOf({ name: "Pulumi.yaml", text: projectText }, { name: "Pulumi.dev.yaml", text: stackText }, name);
const project = (config: string): string => `name: shop\nconfig:\n${config}`;
const stack = (config: string): string => `config:\n${config}`;

/** What `pulumi config --json` of Pulumi 3.259 says of the same files, but for secrets. */
describe("the configuration that a preview reads", () => {
  it("is the stack's, as the texts that Pulumi hands to a program", () => {
    const text = stack(`
  shop:text: abc
  shop:number: 48
  shop:hexadecimal: 0x1F90
  shop:flag: true
  shop:yes: yes
  shop:quoted: "2024"
  shop:group: { grafana: 3001, rate: 1.50 }
  shop:list: [1, a]
  shop:nothing:
`);
    assert.deepEqual(stackConfig("name: shop", text, "shop"), {
      "shop:text": "abc",
      "shop:number": "48",
      "shop:hexadecimal": "8080",
      "shop:flag": "true",
      "shop:yes": "yes",
      "shop:quoted": "2024",
      "shop:group": '{"grafana":3001,"rate":1.5}',
      "shop:list": '[1,"a"]',
      "shop:nothing": "",
    });
  });

  it("has the project's name in front of a key that has none, and keeps the names of others", () => {
    const text = stack("  retentionHours: 48\n  docker:host: unix:///x\n  shop:config:name: abc\n");
    assert.deepEqual(stackConfig("name: shop", text, "shop"), {
      "shop:retentionHours": "48",
      "docker:host": "unix:///x",
      "shop:name": "abc",
    });
  });

  it("is the project's where the stack says nothing: an object is replaced, not merged", () => {
    const declared = project(`
  ports:
    description: Ports.
    default: { grafana: 3000, loki: 3100 }
  retentionHours: { type: integer, default: 720 }
  name: { default: "" }
  region: { value: here }
  zone: there
  given: { type: string }
  off: { default: false }
`);
    assert.deepEqual(stackConfig(declared, stack("  shop:ports: { grafana: 3001 }\n"), "shop"), {
      "shop:ports": '{"grafana":3001}',
      "shop:retentionHours": "720",
      "shop:name": "",
      "shop:region": "here",
      "shop:zone": "there",
      "shop:off": "false",
    });
  });

  it("has a mark in place of a secret, wherever it is", () => {
    const text = stack(
      "  shop:token: { secure: v1:abc= }\n  shop:env: { A: { secure: v1:def= }, B: [{ secure: x }] }\n",
    );
    assert.deepEqual(stackConfig("name: shop", text, "shop"), {
      "shop:token": "[encrypted]",
      "shop:env": '{"A":"[encrypted]","B":["[encrypted]"]}',
    });
  });

  it("is empty without files, and with empty ones", () => {
    for (const text of ["", "config:\n", "# nothing\n"]) assert.deepEqual(stackConfig("", text, "shop"), {});
  });
});
