import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { InstrumentedService, ObservabilityStack } from "../../components/index.ts";
import { serviceWorkload, type InstrumentedServiceArgs } from "../../components/instrumented-service.ts";
import { recordProgram, type RecordedProgram } from "../support/record-resources.ts";
import { serviceRefusalOf } from "../support/refusal.ts";
import { noDocker, settings } from "../support/settings.ts";

type ServiceArgs = Omit<InstrumentedServiceArgs, "stack">;

const image = "registry.example.com/checkout:1.4.2";
const stack = { settings: settings() };
const notShown = "got a value that is not shown";

function problemsOf(args: unknown): readonly string[] {
  return serviceRefusalOf(() => serviceWorkload("checkout", { image, ...(args as ServiceArgs) }, stack)).split("\n");
}

/** A program with one service, on Docker or on Kubernetes. */
function program(args: ServiceArgs, target: "docker" | "kubernetes"): Promise<RecordedProgram> {
  return recordProgram(() => {
    const beside = new ObservabilityStack("o", { target, docker: { host: noDocker }, kubernetes: { context: "test" } });
    return new InstrumentedService("checkout", { stack: beside, image, ...args }, {});
  });
}

describe("the secrets of a service", () => {
  const given: ServiceArgs = {
    secretEnv: { DATABASE_URL: pulumi.output("postgres://u:p@db"), TOKEN: Promise.resolve("t0ken") },
    secretFiles: { "/etc/checkout/tls.key": "k3y" },
  };

  it("are files, and each variable's name with _FILE behind it says where its own is", () => {
    const { env, secretFiles } = serviceWorkload("checkout", { image, ...given }, stack);
    assert.deepEqual(
      secretFiles.map(({ path }) => path),
      ["/run/secrets/DATABASE_URL", "/run/secrets/TOKEN", "/etc/checkout/tls.key"],
    );
    assert.deepEqual(
      [env["DATABASE_URL_FILE"], env["TOKEN_FILE"], env["DATABASE_URL"]],
      ["/run/secrets/DATABASE_URL", "/run/secrets/TOKEN", undefined],
    );
  });

  it("arrive on Docker as files whose content is secret, and in no variable", async () => {
    const { resources } = await program(given, "docker");
    const inputs = resources.find(({ name }) => name === "o-checkout")?.inputs;
    assert.deepEqual(inputs?.["uploads"], [
      { file: "/run/secrets/DATABASE_URL", content: { secret: "postgres://u:p@db" }, permissions: "0444" },
      { file: "/run/secrets/TOKEN", content: { secret: "t0ken" }, permissions: "0444" },
      { file: "/etc/checkout/tls.key", content: { secret: "k3y" }, permissions: "0444" },
    ]);
    assert.doesNotMatch(JSON.stringify(inputs["envs"]), /postgres|t0ken|k3y/);
  });

  it("arrive on Kubernetes in a Secret of the service's own", async () => {
    const { resources } = await program(given, "kubernetes");
    const inputs = resources.find(({ name }) => name === "o-checkout-secrets")?.inputs;
    assert.deepEqual(inputs?.["stringData"], {
      secret: {
        run_secrets_DATABASE_URL: "postgres://u:p@db",
        run_secrets_TOKEN: "t0ken",
        "etc_checkout_tls.key": "k3y",
      },
    });
  });

  it("are refused by what is known of them, every problem at once, and none is shown", () => {
    const problems = problemsOf({
      env: { USED: "1", ALSO_FILE: "/x" },
      secretEnv: { "a b": "topsecret", USED: "topsecret", ALSO: "topsecret", EMPTY: "", NUMBER: 5, NUL: "top\0secret" },
      secretFiles: { "etc/x": "topsecret", "/tmp/x": "topsecret" },
    });
    const path = "must be the absolute path of a file, without blanks, colons, . and .., and not in /tmp";
    const example = "write for example /etc/checkout/rules.json";
    assert.deepEqual(problems, [
      `checkout.secretEnv."a b": must be a name for a variable (letters, digits and _, no digit first), ${notShown}; give it such a name`,
      `checkout.secretEnv.EMPTY: must be text of 1 to 65536 characters, ${notShown}; set one that fits`,
      `checkout.secretEnv.NUMBER: must be text, or an Output of text, ${notShown}; set one of the two`,
      `checkout.secretEnv.NUL: must be text without NUL and unpaired surrogates, ${notShown}; encode it, for example as base64`,
      `checkout.secretFiles."etc/x": ${path}, ${notShown}; ${example}`,
      `checkout.secretFiles."/tmp/x": ${path}, ${notShown}; ${example}`,
      `checkout.secretEnv.USED: must not be in env too, as USED, ${notShown}; remove one of the two`,
      `checkout.secretEnv.ALSO: must not be in env too, as ALSO_FILE, ${notShown}; remove one of the two`,
    ]);
  });

  for (const whole of ["topsecret", 5, null, ["topsecret"], pulumi.output({ A: "topsecret" })]) {
    it(`are refused when they are no secrets by name: ${typeof whole} ${String(Array.isArray(whole))}`, () => {
      const rule = `must be secrets by name, ${notShown}; write \`NAME: secret\` in it, or leave it out`;
      assert.deepEqual(problemsOf({ secretEnv: whole }), [`checkout.secretEnv: ${rule}`]);
    });
  }

  it("are refused when their names cannot be read", () => {
    const unreadable = new Proxy({}, { ownKeys: () => assert.fail("topsecret") });
    const rule = `must be secrets by name, ${notShown}; write \`NAME: secret\` in it, or leave it out`;
    assert.deepEqual(problemsOf({ secretEnv: unreadable }), [`checkout.secretEnv: ${rule}`]);
  });

  it("are refused when they are more than a Secret of Kubernetes holds", () => {
    const secretEnv = Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`S${index}`, "x".repeat(65_000)]));
    assert.deepEqual(problemsOf({ secretEnv }), [
      `checkout.secretFiles: must hold at most 900 KiB in all, which is what Kubernetes takes, ${notShown}; leave some out`,
    ]);
  });

  it("are refused with the same words when an Output turns out to be none", async () => {
    for (const [value, rule] of [
      ["", "must be text of 1 to 65536 characters"],
      [5, "must be text, or an Output of text"],
    ] as const) {
      const later = pulumi.output(value) as pulumi.Output<string>;
      await assert.rejects(program({ secretEnv: { TOKEN: later } }, "docker"), (error: Error) => {
        assert.ok(error.message.includes(`checkout.secretEnv.TOKEN: ${rule}, ${notShown}`), error.message);
        return true;
      });
    }
  });

  it("are shown in no message, whatever is wrong with the arguments", () => {
    const secret = fc.string({ minLength: 12, unit: fc.constantFrom("Ä", "q", "7", "\0", " ") });
    fc.assert(
      fc.property(fc.string(), fc.string(), secret, (variable, path, value) => {
        const args = { image: 5, secretEnv: { [variable]: value }, secretFiles: { [path]: value } };
        const problems = problemsOf(args).join("\n");
        assert.ok(variable.includes(value) || path.includes(value) || !problems.includes(value.trim()), problems);
      }),
    );
  });
});

describe("the configuration files of a service", () => {
  it("are at their paths", () => {
    const configFiles = { "/etc/checkout/rules.json": "{}\n" };
    assert.deepEqual(serviceWorkload("checkout", { image, configFiles }, stack).configFiles, [
      { path: "/etc/checkout/rules.json", content: "{}\n" },
    ]);
  });

  it("are refused at paths that cannot be, without content, and within each other", () => {
    const rule = "must be the absolute path of a file, without blanks, colons, . and .., and not in /tmp";
    const lines = problemsOf({ configFiles: { "/a": "x", "/a/b": "x", "/c": "" } });
    assert.deepEqual(lines, [`checkout.configFiles."/c": must not be empty, ${notShown}; leave the file out`]);
    assert.deepEqual(problemsOf({ configFiles: { "/a": "x", "/a/b": "x" } }), [
      'checkout.configFiles."/a/b": must not be in /a, which is a file, got "/a/b"; rename one of the two',
    ]);
    for (const path of ["a", "/", "/a/", "//a", "/a/../b", "/a:b", "/tmp/a", "/a b"]) {
      const [line = "", ...others] = problemsOf({ configFiles: { [path]: "x" } });
      assert.deepEqual(others, [], path);
      assert.ok(line.includes(`: ${rule}, `), line);
    }
  });
});
