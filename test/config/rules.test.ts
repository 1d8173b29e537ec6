import assert from "node:assert/strict";
import { dnsLabel, imageReference, imageRegistry, namePrefix } from "../../config/rules.ts";

const digest = `sha256:${"0a".repeat(32)}`;

const samples: readonly {
  readonly what: string;
  readonly pattern: RegExp;
  readonly good: readonly string[];
  readonly bad: readonly string[];
}[] = [
  {
    what: "a DNS label",
    pattern: dnsLabel.pattern,
    good: ["a", "a1", "saga-orchestrator", "a--b", "a".repeat(63)],
    bad: ["", "1a", "-a", "a-", "A", "a_b", "a.b", "a b", "ä", "a\n", "a".repeat(64)],
  },
  {
    what: "a prefix of names",
    pattern: namePrefix.pattern,
    good: ["a", "observability-dev", "a".repeat(40)],
    bad: ["", "1a", "a-", "A", "a".repeat(41)],
  },
  {
    what: "a complete image",
    pattern: imageReference.pattern,
    good: [
      ...["a:1", "node:22-bookworm-slim", "grafana/loki:3.7.8", "a/b/c_d__e.f-g:v1.2.3_4"],
      ...["localhost/a:1", "localhost:5000/a:1", "registry.example.com/a/b:1", "Registry.Example.com:5000/a:1"],
      ...[`a@${digest}`, `a:1@${digest}`, `registry.example.com:5000/a/b:1@${digest}`],
    ],
    bad: [
      ...["", "a", "grafana/loki", "localhost:5000/loki", "registry.example.com/a", ":1", "a:", "a:-1", "a :1"],
      ...["A:1", "a/B:1", "a//b:1", "a/:1", "-a:1", "a:1\n", `a:${"1".repeat(129)}`, "https://a/b:1"],
      ...["a@sha256:12", `a@sha512:${"0a".repeat(32)}`, `a@${digest}:1`, `@${digest}`, `a:1@`],
    ],
  },
  {
    what: "a registry",
    pattern: imageRegistry.pattern,
    good: ["", "localhost", "registry.example.com", "registry.example.com:5000/mirror/", "a/b/c"],
    bad: ["https://registry.example.com", "a b", "a//b", "/a", "a:port", "a/B"],
  },
];

for (const { what, pattern, good, bad } of samples) {
  describe(what, () => {
    for (const text of good) {
      it(`may be ${JSON.stringify(text)}`, () => {
        assert.match(text, pattern);
      });
    }
    for (const text of bad) {
      it(`may not be ${JSON.stringify(text).slice(0, 60)}`, () => {
        assert.doesNotMatch(text, pattern);
      });
    }
  });
}
