import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import {
  dns1123Label,
  dns1123Subdomain,
  domainName,
  isAnnotationKey,
  isIpAddress,
  labelValue,
  qualifiedName,
  tolerationFault,
  type KubernetesRule,
} from "../../config/kubernetes-rules.ts";

/** What Kubernetes' own code says; how it was made says its comment. */
const fixture = z
  .object({ rules: z.array(z.string()), verdicts: z.array(z.tuple([z.string(), z.string()])) })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "..", "fixtures", "kubernetes-verdicts.json"), "utf8")));

const byPattern =
  ({ pattern }: KubernetesRule) =>
  (text: string): boolean =>
    pattern.test(text);

const rules: Readonly<Record<string, (text: string) => boolean>> = {
  dns1123Label: byPattern(dns1123Label),
  dns1123Subdomain: byPattern(dns1123Subdomain),
  qualifiedName: byPattern(qualifiedName),
  annotationKey: isAnnotationKey,
  labelValue: byPattern(labelValue),
};

describe("the rules of Kubernetes", () => {
  assert.deepEqual(fixture.rules, Object.keys(rules));
  for (const [index, [name, takes]] of Object.entries(rules).entries()) {
    it(`take as ${name} what Kubernetes takes, of 2000 texts`, () => {
      const verdicts = fixture.verdicts.map(([text, taken]) => [text, taken.includes(String(index))] as const);
      assert.deepEqual(
        verdicts.filter(([text, isTaken]) => takes(text) !== isTaken),
        [],
      );
      assert.equal(verdicts.length, 2000);
      assert.ok(verdicts.filter(([, isTaken]) => isTaken).length > 200);
    });
  }

  it("take a host name that a browser finds by name", () => {
    for (const host of ["localhost", "a.b", "1.example.com", `${"a".repeat(63)}.example.com`, "10.example"]) {
      assert.ok(domainName.pattern.test(host) && !isIpAddress(host), host);
    }
    for (const host of ["", "A.b", "a..b", "*.a.b", "a_b", `${"a".repeat(64)}.b`, `${"a.".repeat(127)}b`]) {
      assert.ok(!domainName.pattern.test(host), host);
    }
    for (const host of ["10.0.0.1", "1", "a.1", "0x7f.1", "127.0.0.0x1"]) assert.ok(isIpAddress(host), host);
  });

  for (const [toleration, field] of [
    [{}, "key"],
    [{ value: "a" }, "key"],
    [{ key: "", operator: "Equal" }, "key"],
    [{ key: "a", operator: "Exists", value: "b" }, "value"],
    [{ operator: "Exists" }, undefined],
    [{ operator: "Exists", value: "", effect: "NoSchedule" }, undefined],
    [{ key: "a" }, undefined],
    [{ key: "a", operator: "Equal", value: "b" }, undefined],
  ] as const) {
    it(`say of the toleration ${JSON.stringify(toleration)}: ${field ?? "nothing"}`, () => {
      assert.equal(tolerationFault(toleration)?.[0], field);
    });
  }
});
