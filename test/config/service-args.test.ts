import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import type { z } from "zod";
import { problemLines } from "../../config/problem.ts";
import { judgedServiceArgs, serviceArgsSchema, type ServiceInput } from "../../config/service-args.ts";

const image = "registry.example.com/checkout:1.4.2";

function linesOf(given: unknown): readonly string[] {
  return problemLines(judgedServiceArgs(given).problems);
}

/** A type with every field in it required, so that a field which only one of two types has is seen. */
type Complete<Type> = Type extends object ? { [Key in keyof Type]-?: Complete<NonNullable<Type[Key]>> } : Type;

/** A type with every `readonly` in it taken away, which the schema's own does not have. */
type Writable<Type> = Type extends object ? { -readonly [Key in keyof Type]: Writable<Type[Key]> } : Type;

/** `true` for two types of which each can be taken for the other. */
type Same<One, Other> = [One] extends [Other] ? ([Other] extends [One] ? true : false) : false;

describe("the arguments of a service", () => {
  it("are the same for the compiler and at run time: this file does not compile otherwise", () => {
    type Compiled = Writable<ServiceInput>;
    type AtRunTime = Writable<z.input<typeof serviceArgsSchema>>;
    const haveSameTypes: Same<Compiled, AtRunTime> = true;
    const haveSameFields: Same<Complete<Compiled>, Complete<AtRunTime>> = true;
    assert.deepEqual([haveSameTypes, haveSameFields], [true, true]);
  });

  it("have defaults, and no problem, with an image alone", () => {
    assert.deepEqual(judgedServiceArgs({ image }), {
      args: {
        image,
        command: [],
        env: {},
        configFiles: {},
        volumes: {},
        initSteps: [],
        ports: [],
        version: "0.0.0",
        telemetry: true,
        memoryMib: 128,
        userId: 1000,
        replicas: 1,
        kubernetes: {},
        docker: {},
        stopGraceSeconds: 30,
      },
      problems: [],
    });
  });

  const nearMisses = { memoryMiB: "memoryMib", replica: "replicas", healthcheck: "healthCheck", enviroment: undefined };
  for (const [key, meant] of Object.entries(nearMisses)) {
    it(`do not know ${key}`, () => {
      const [line = "", ...others] = linesOf({ image, [key]: "topsecret" });
      assert.deepEqual(others, []);
      const change = meant === undefined ? "remove it, or use one of image, build, command" : `did you mean ${meant}?`;
      assert.ok(line.startsWith(`${key}: is no argument, got `) && line.includes(`; ${change}`), line);
    });
  }

  const wrong: readonly (readonly [unknown, string])[] = [
    [
      { command: "node server.js" },
      'command: must be a list of arguments, got "node server.js"; write each as an entry of its own, for example ["node", "server.js"]',
    ],
    [{ command: [5] }, "command.0: must be text without a NUL character, got 5; write it as text, in quotes"],
    [{ telemetry: "false" }, 'telemetry: must be true or false, got "false"; write true or false, without quotes'],
    [
      { instrument: "node" },
      'instrument: must be one of nodejs, python, java, got "node"; write nodejs, or leave it out',
    ],
    [{ protocol: "http" }, 'protocol: must be one of grpc, http/protobuf, got "http"; write grpc, or leave it out'],
    [
      { env: "A=B" },
      "env: must be variables by name, got a value that is not shown; write `NAME: value` below it, or leave it out",
    ],
    [{ env: { A: 5 } }, "env.A: must be text, got a value that is not shown; put the value in quotes"],
    [{ env: { A: undefined } }, "env.A: must be text, got nothing; put the value in quotes"],
    [{ ports: "8080" }, 'ports: must be a list of ports, got "8080"; write for example [{ name: http, port: 8080 }]'],
    [
      { ports: [8080] },
      "ports.0: must be a group of settings, got a value that is not shown; write its settings (name, port, hostPort) below it, or leave it out",
    ],
    [
      { ports: [{ name: "http", port: "8080" }] },
      'ports.0.port: must be a whole number from 1 to 65535, got "8080"; choose one in the range',
    ],
    [
      { healthCheck: { port: 80, path: "/", command: [] } },
      "healthCheck.command: must not be empty, got an empty list; leave healthCheck out",
    ],
    [
      { healthCheck: { port: 80, path: "/", command: ["", "x"] } },
      "healthCheck.command: must begin with a program, got a list; write its name or path first",
    ],
    [
      { readiness: {} },
      "readiness: must say what is asked: http, tcp or command, got an empty group; write for example http: { port: 8080, path: /healthz }",
    ],
    [
      { liveness: { http: { port: 80, path: "/" }, tcp: 80 } },
      "liveness.tcp: must not be given beside http, got 80; remove one of the two",
    ],
    [{ startup: { command: [] } }, "startup.command: must not be empty, got an empty list; leave it out"],
    [
      { startup: { tcp: 80, periodSeconds: 0 } },
      "startup.periodSeconds: must be a whole number from 1 to 3600, got 0; write for example 10",
    ],
    [
      { healthCheck: { port: 80, path: "/", command: ["c"] }, liveness: { tcp: 80 } },
      "liveness: must not be given beside healthCheck, which asks everything, got a group; remove one of the two",
    ],
    [
      { memoryMib: null },
      "memoryMib: must be a whole number from 6 to 1048576 (less is refused by Docker), got null; choose one in the range",
    ],
    [
      { volumes: ["/data"] },
      "volumes: must be volumes by name, got a list; write `uploads: { path: /var/lib/checkout }` in it, or leave it out",
    ],
    [
      { volumes: { Up: { path: "/a", kind: "kept" } } },
      'volumes.Up: must be at most 40 lower-case letters, digits and inner hyphens, a letter first, got "Up"; rename it',
    ],
    [
      { volumes: { up: { path: "/a", kind: "temporary" } } },
      'volumes.up.kind: must be one of kept, scratch, got "temporary"; write kept, or leave it out',
    ],
    [
      { volumes: { up: { path: "/a", kind: "kept", sizeMib: 0.5 } } },
      "volumes.up.sizeMib: must be a whole number of MiB from 1 to 67108864, got 0.5; set for example 1024",
    ],
    ...["a", "/", "/tmp", "/tmp/x", "/proc/1", "/a/../b", "/a b", "/a;b", "/$(b)", "/a:b", "/a/", ""].map(
      (path) =>
        [
          { volumes: { up: { path, kind: "scratch" } } },
          `volumes.up.path: must be the absolute path of a directory of letters, digits, _, ., @, + and -, without . and .., and not in /tmp, /proc, /sys and /dev, got ${JSON.stringify(path)}; write for example /var/lib/checkout`,
        ] as const,
    ),
    [{ replicas: "2" }, 'replicas: must be a whole number from 1 to 100, got "2"; choose one in the range'],
    ...(
      [
        ["8080", '"8080"'],
        [[], "an empty list"],
        [[8080, "80"], "a list"],
      ] as const
    ).map(
      ([hostPort, got]) =>
        [
          { ports: [{ name: "http", port: 80, hostPort }] },
          `ports.0.hostPort: must be a port, or a list of ports with one for each instance, got ${got}; choose one that is free`,
        ] as const,
    ),
    ...(
      [
        [80, ""],
        [[8080, 80], ".1"],
      ] as const
    ).map(
      ([hostPort, where]) =>
        [
          { ports: [{ name: "http", port: 80, hostPort }] },
          `ports.0.hostPort${where}: must be a whole number from 1024 to 65535 (the lower ones are reserved for the system), got 80; choose one in the range`,
        ] as const,
    ),
    [{ replicas: 5n }, "replicas: must be plain data, got 5n; write it as a number, without the n"],
    [{ version: "1\n2" }, 'version: must be one line of 1 to 250 characters, got "1\\n2"; write for example 1.4.2'],
    [{ version: "\ud800" }, 'version: must be one line of 1 to 250 characters, got "\\ud800"; write for example 1.4.2'],
    [
      { image: 5 },
      "image: must be an image with a tag (`repository:tag`), a digest (`repository@sha256:…`) or both, got 5; name the version that you mean, for example grafana/loki:3.7.8",
    ],
  ];
  for (const [args, line] of wrong) {
    it(`are refused with ${line.slice(0, 60)}…`, () => {
      assert.deepEqual(linesOf({ image, ...(args as object) }), [line]);
    });
  }

  it("are no more than Linux starts a process with, and than Kubernetes keeps of one", () => {
    const most = 32_768;
    const change = "put it into a file of the image";
    const texts = Array.from({ length: 20 }, () => "x".repeat(most));
    const variables = Object.fromEntries(texts.map((text, index) => [`V${index}`, text]));
    const [fitting, tooMany] = [texts.slice(0, 15), texts.slice(0, 16)];
    assert.deepEqual(
      linesOf({ image, command: fitting, env: Object.fromEntries(fitting.map((x, i) => [`V${i}`, x])) }),
      [],
    );
    assert.deepEqual(linesOf({ image, command: tooMany, env: variables }), [
      `command: must be at most 512 KiB in all, got a list; ${change}`,
      `env: must be at most 512 KiB in all, names included, got a group; ${change}`,
    ]);
    assert.deepEqual(
      linesOf({ image, command: ["x".repeat(most + 1)], env: { A: "x".repeat(most + 1) } }).map((line) =>
        line.replace(/got .*; /, "got …; "),
      ),
      [
        `command.0: must be at most ${most} characters, got …; ${change}`,
        `env.A: must be at most ${most} characters, got …; ${change}`,
      ],
    );
  });

  for (const name of ["", "A B", "A=B", "A\n"]) {
    it(`are refused with a build argument that no Dockerfile could name, ${JSON.stringify(name)}`, () => {
      assert.deepEqual(linesOf({ build: { context: ".", args: { [name]: "x" } } }), [
        `build.args.${JSON.stringify(name)}: must have a name without blanks and =, as ARG in a Dockerfile has, got ${JSON.stringify(name)}; rename it`,
      ]);
    });
  }

  it("are refused with every missing part of a health check", () => {
    assert.deepEqual(
      linesOf({ image, healthCheck: {} }).map((line) => line.split(":")[0]),
      ["healthCheck.port", "healthCheck.path", "healthCheck.command"],
    );
  });

  it("are refused as a whole if they are none", () => {
    for (const none of [null, 5, "image", [], [image]]) {
      const [line = ""] = linesOf(none);
      assert.match(line, /^arguments: must be a group of settings, got /, JSON.stringify(none));
    }
  });

  it("never come out as a crash, and never wrong ones as right: whatever a program hands over", () => {
    const class_ = new (class Args {
      readonly image = image;
    })();
    const special = [
      undefined,
      null,
      5n,
      Symbol("x"),
      Number.NaN,
      new Map(),
      class_,
      pulumi.output("x"),
      Promise.resolve(),
      [],
    ];
    const keys = fc.oneof(fc.constantFrom(...Object.keys(serviceArgsSchema.shape)), fc.string());
    const anything = fc.oneof(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
      fc.constantFrom(...special),
    );
    fc.assert(
      fc.property(fc.dictionary(keys, anything), (given) => {
        const { args, problems } = judgedServiceArgs(given);
        assert.equal(serviceArgsSchema.safeParse(args).success, true);
        // No third outcome: without a problem each argument is in force as it was given.
        if (problems.length > 0) return;
        for (const [key, value] of Object.entries(given)) {
          if (value !== undefined) assert.ok(key in args, key);
        }
      }),
      { numRuns: 500 },
    );
  });
});
