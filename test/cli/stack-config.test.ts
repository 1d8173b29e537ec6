import assert from "node:assert/strict";
import { stackConfig as configOf } from "../../cli/stack-config.ts";

const stackConfig = (projectText: string, stackText: string): Record<string, string> =>
  configOf({ name: "Pulumi.yaml", text: projectText }, { name: "Pulumi.dev.yaml", text: stackText });
const project = (config: string): string => `name: observability\nconfig:\n${config}`;
const stack = (config: string): string => `config:\n${config}`;

/** What `pulumi config --json` of Pulumi 3.259 says of the same files, but for secrets. */
describe("the configuration that a preview reads", () => {
  it("is the stack's, as the texts that Pulumi hands to a program", () => {
    const text = stack(`
  observability:text: abc
  observability:number: 48
  observability:hexadecimal: 0x1F90
  observability:flag: true
  observability:yes: yes
  observability:quoted: "2024"
  observability:group: { grafana: 3001, rate: 1.50 }
  observability:list: [1, a]
  observability:nothing:
`);
    assert.deepEqual(stackConfig("name: shop", text), {
      "observability:text": "abc",
      "observability:number": "48",
      "observability:hexadecimal": "8080",
      "observability:flag": "true",
      "observability:yes": "yes",
      "observability:quoted": "2024",
      "observability:group": '{"grafana":3001,"rate":1.5}',
      "observability:list": '[1,"a"]',
      "observability:nothing": "",
    });
  });

  it("has the project's name in front of a key that has none, and keeps the names of others", () => {
    const text = stack("  retentionHours: 48\n  docker:host: unix:///x\n  observability:config:name: abc\n");
    assert.deepEqual(stackConfig("name: shop", text), {
      "observability:retentionHours": "48",
      "docker:host": "unix:///x",
      "observability:name": "abc",
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
    assert.deepEqual(stackConfig(declared, stack("  observability:ports: { grafana: 3001 }\n")), {
      "observability:ports": '{"grafana":3001}',
      "observability:retentionHours": "720",
      "observability:name": "",
      "observability:region": "here",
      "observability:zone": "there",
      "observability:off": "false",
    });
  });

  it("has a mark in place of a secret, wherever it is", () => {
    const text = stack(
      "  observability:token: { secure: v1:abc= }\n  observability:env: { A: { secure: v1:def= }, B: [{ secure: x }] }\n",
    );
    assert.deepEqual(stackConfig("name: shop", text), {
      "observability:token": "[encrypted]",
      "observability:env": '{"A":"[encrypted]","B":["[encrypted]"]}',
    });
  });

  it("is empty without files, and with empty ones", () => {
    for (const text of ["", "config:\n", "# nothing\n"]) assert.deepEqual(stackConfig("", text), {});
  });
});
