import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import {
  dnsLabel,
  dockerHost,
  fits,
  imageReference,
  imageRegistry,
  isImageReference,
  namePrefix,
  type TextRule,
} from "../../config/rules.ts";

const digest = `sha256:${"0a".repeat(32)}`;

const samples: readonly {
  readonly what: string;
  readonly rule: Pick<TextRule, "pattern" | "also">;
  readonly good: readonly string[];
  readonly bad: readonly string[];
}[] = [
  {
    what: "a DNS label",
    rule: dnsLabel,
    good: ["a", "a1", "saga-orchestrator", "a--b", "a".repeat(63)],
    bad: ["", "1a", "-a", "a-", "A", "a_b", "a.b", "a b", "ä", "a\n", "a".repeat(64)],
  },
  {
    what: "a prefix of names",
    rule: namePrefix,
    good: ["a", "observability-dev", "a".repeat(40)],
    bad: ["", "1a", "a-", "A", "a".repeat(41)],
  },
  {
    what: "a complete image",
    rule: imageReference,
    good: [
      ...["a:1", "node:22-bookworm-slim", "grafana/loki:3.7.8", "a/b/c_d__e.f-g:v1.2.3_4"],
      ...["localhost/a:1", "localhost:5000/a:1", "registry.example.com/a/b:1", "Registry.Example.com:5000/a:1"],
      ...[
        `a@${digest}`,
        `a:1@${digest}`,
        `registry.example.com:5000/a/b:1@${digest}`,
        "REGISTRY/a:1",
        "[::1]:5000/a:1",
      ],
      ...[`a@sha512:${"0a".repeat(64)}`, `a.example.com/${"b".repeat(241)}:1`, "registry.example.com:65535/a:1"],
    ],
    bad: [
      ...["", "a", "grafana/loki", "localhost:5000/loki", "registry.example.com/a", ":1", "a:", "a:-1", "a :1"],
      ...["A:1", "a/B:1", "a//b:1", "a/:1", "-a:1", "a:1\n", `a:${"1".repeat(129)}`, "https://a/b:1"],
      ...["a..b:1", "a___b:1", "a._b:1", "-x.example.com/y:1", "a_b.example.com/y:1", "a.example.com:65536/y:1"],
      ...["10.0.0.256:5000/y:1", "[::1/y:1", "[:::]/y:1", "..:1", `a.example.com/${"b".repeat(242)}:1`],
      ...["a@sha256:12", `a@sha512:${"0a".repeat(32)}`, `a@${digest}:1`, `@${digest}`, `a:1@`],
    ],
  },
  {
    what: "a registry",
    rule: imageRegistry,
    good: ["", "localhost", "registry.example.com", "registry.example.com:5000/mirror/", "a/b/c"],
    bad: [
      ...[
        "https://registry.example.com",
        "a b",
        "a//b",
        "/a",
        "a:port",
        "a/B",
        "..",
        ".",
        "a..b",
        "-a.b",
        "a.b:",
        "a_/b",
      ],
      ...["a@b", "a.example.com/b:1", "user:password@a.example.com", "a.example.com:70000", "a/".repeat(75)],
    ],
  },
  {
    what: "the address of a Docker daemon",
    rule: dockerHost,
    good: [
      ...["unix:///var/run/docker.sock", "npipe:////./pipe/docker_engine", "tcp://10.0.0.1:2375", "tcp://[::1]:2375"],
      ...["ssh://host", "ssh://user@host.example.com:22", "ssh://a.b-c@host/run/docker.sock", "https://host:2376/v1"],
    ],
    bad: [
      ...["", "localhost:2375", "unix://docker.sock", `unix:///${"a".repeat(107)}`, "tcp://", "tcp://host:65536"],
      ...["ssh://-oProxyCommand=id", "ssh://-oProxyCommand=id@host", "ssh://user@-oProxyCommand=id", "ssh://a:b@host"],
      ...["ssh://user@host -oProxyCommand=id", "ssh://user@host;id", "fd://3", "ssh://user@@host", "tcp://[::x]:1"],
    ],
  },
];

for (const { what, rule, good, bad } of samples) {
  describe(what, () => {
    for (const text of good) {
      it(`may be ${JSON.stringify(text)}`, () => {
        assert.equal(fits(rule, text), true);
      });
    }
    for (const text of bad) {
      it(`may not be ${JSON.stringify(text).slice(0, 60)}`, () => {
        assert.equal(fits(rule, text), false);
      });
    }
  });
}

describe("1000 references", () => {
  const { taken, refused } = z
    .object({ taken: z.array(z.string()), refused: z.array(z.string()) })
    .parse(JSON.parse(readFileSync(join(import.meta.dirname, "..", "fixtures", "image-verdicts.json"), "utf8")));

  it("are taken and refused as Docker's own parser takes and refuses them", () => {
    assert.equal(taken.length + refused.length, 1000);
    assert.deepEqual(
      taken.filter((reference) => !isImageReference(reference)),
      [],
    );
    assert.deepEqual(refused.filter(isImageReference), []);
  });
});
