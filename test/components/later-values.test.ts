import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { InstrumentedService, ObservabilityStack } from "../../components/index.ts";
import { serviceWorkload, type InstrumentedServiceArgs } from "../../components/instrumented-service.ts";
import { laterApart } from "../../components/later-values.ts";
import { previewStack, unknownValue } from "../../components/testing.ts";
import { recordProgram, type RecordedProgram } from "../support/record-resources.ts";
import { serviceRefusalOf } from "../support/refusal.ts";
import { noDocker, settings } from "../support/settings.ts";

type ServiceArgs = Omit<InstrumentedServiceArgs, "stack">;

const image = "registry.example.com/checkout:1.4.2";
const stack = { settings: settings() };

/** A program with one service, on Docker or on Kubernetes. */
function program(args: ServiceArgs, target: "docker" | "kubernetes"): Promise<RecordedProgram> {
  return recordProgram(() => {
    const beside = new ObservabilityStack("o", { target, docker: { host: noDocker }, kubernetes: { context: "test" } });
    return new InstrumentedService("checkout", { stack: beside, ...args }, {});
  });
}

function inputsOf({ resources }: RecordedProgram, name: string, type = ""): Readonly<Record<string, unknown>> {
  const found = resources.find((each) => each.name === name && each.type.includes(type));
  assert.ok(found, `${name} is not among ${resources.map((each) => each.name).join(", ")}`);
  return found.inputs;
}

/** The container of the service's pods. */
function podOf(recorded: RecordedProgram): Readonly<Record<string, unknown>> {
  const { spec } = inputsOf(recorded, "o-checkout", "Deployment") as {
    spec: { template: { spec: { containers: readonly [Record<string, unknown>] } } };
  };
  return spec.template.spec.containers[0];
}

/** What another resource gives, each of another kind. */
const given = (): ServiceArgs => ({
  image: pulumi.output(image),
  command: ["serve", pulumi.output("--price=$5")],
  env: { PLAIN: "1", DATABASE_HOST: pulumi.output("db$(HOME)"), QUEUE: Promise.resolve("queue.example.com") },
  configFiles: { "/etc/checkout/plain.json": "{}", "/etc/checkout/db.json": pulumi.output('{"host":"db"}') },
});

describe("what another resource gives to a service", () => {
  it("is on Docker the image that is pulled, an argument, a variable and a file", async () => {
    const recorded = await program(given(), "docker");
    const { command, envs, uploads } = inputsOf(recorded, "o-checkout", "container");
    assert.deepEqual(inputsOf(recorded, "o-image-checkout"), { name: image, keepLocally: true });
    assert.deepEqual(command, ["serve", "--price=$5"]);
    assert.deepEqual(
      (envs as readonly string[]).filter((each) => !/^OTEL_/.test(each)),
      ["DATABASE_HOST=db$(HOME)", "PLAIN=1", "QUEUE=queue.example.com"],
    );
    assert.deepEqual(uploads, [
      { file: "/etc/checkout/plain.json", content: "{}", permissions: "0444" },
      { file: "/etc/checkout/db.json", content: '{"host":"db"}', permissions: "0444" },
    ]);
  });

  it("is on Kubernetes the same, with no dollar sign that Kubernetes would read, and the number of pods", async () => {
    const recorded = await program({ ...given(), replicas: pulumi.output(3) }, "kubernetes");
    const pod = podOf(recorded);
    assert.equal(pod["image"], image);
    assert.deepEqual(pod["args"], ["serve", "--price=$$5"]);
    const env = pod["env"] as readonly { readonly name: string; readonly value: string }[];
    assert.equal(env.find(({ name }) => name === "DATABASE_HOST")?.value, "db$$(HOME)");
    assert.equal((inputsOf(recorded, "o-checkout", "Deployment")["spec"] as { replicas: number }).replicas, 3);
    assert.deepEqual(inputsOf(recorded, "o-checkout-secrets")["stringData"], {
      secret: { "etc_checkout_db.json": '{"host":"db"}' },
    });
  });

  it("is unknown in a preview until it is there, and everything else is shown", async () => {
    const preview = await previewStack({ observability: false }, (beside) => {
      const bucket = new pulumi.ComponentResource("test:index:Bucket", "bucket");
      const unknown = bucket.urn.apply(() => pulumi.output<string>(pulumi.unknown as never));
      new InstrumentedService("checkout", { stack: beside, image: unknown, env: { A: "1", HOST: unknown } });
    });
    const inputsNamed = (type: string): unknown[] =>
      preview.resources.filter((each) => each.type === type).map(({ inputs }) => inputs);
    assert.deepEqual(inputsNamed("docker:index/remoteImage:RemoteImage"), [{ name: unknownValue, keepLocally: true }]);
    assert.deepEqual(
      inputsNamed("docker:index/container:Container").map((inputs) => (inputs as { envs: unknown }).envs),
      [["A=1", unknownValue]],
    );
  });

  it("has the loader of an instrumentation around it", async () => {
    const args = {
      image,
      env: { NODE_OPTIONS: pulumi.output("--max-old-space-size=64") },
      instrument: "nodejs",
    } as const;
    const { env } = serviceWorkload("checkout", args, stack);
    const options = env["NODE_OPTIONS"];
    assert.ok(pulumi.Output.isInstance(options));
    const known = serviceWorkload("checkout", { ...args, env: { NODE_OPTIONS: "--max-old-space-size=64" } }, stack);
    assert.equal(await new Promise((done) => options.apply(done)), known.env["NODE_OPTIONS"]);
  });

  const wrong: readonly (readonly [ServiceArgs, string])[] = [
    [
      { image: pulumi.output("checkout") },
      'checkout.image: must be an image with a tag (`repository:tag`), a digest (`repository@sha256:…`) or both, got "checkout"; name the version that you mean, for example grafana/loki:3.7.8',
    ],
    [
      { image, command: ["a", pulumi.output("b\0")] },
      'checkout.command.1: must be text without a NUL character, got "b\\u0000"; write it as text, in quotes',
    ],
    [
      { image, env: { A: pulumi.output(5) as unknown as pulumi.Output<string> } },
      "checkout.env.A: must be text, got a value that is not shown; put the value in quotes",
    ],
    [
      { image, configFiles: { "/a": pulumi.output("") } },
      'checkout.configFiles."/a": must not be empty, got a value that is not shown; leave the file out',
    ],
    [
      { image, env: { TOKEN: pulumi.secret("t0ken") } },
      "checkout.env.TOKEN: must not be a secret, got a value that is not shown; hand it over in secretEnv or secretFiles, or as pulumi.unsecret(…) if it is none",
    ],
  ];
  for (const [args, message] of wrong) {
    it(`is judged when it is known: ${message.slice(0, 60)}`, async () => {
      await assert.rejects(program(args, "docker"), (error: Error) => {
        assert.ok(error.message.includes(message), error.message);
        return true;
      });
    });
  }

  it("is no reason not to tell everything else that is wrong, before anything is created", () => {
    const args = { ...given(), memoryMib: 1, env: { "A=B": pulumi.output("x") } };
    assert.deepEqual(serviceRefusalOf(() => serviceWorkload("checkout", args, stack)).split("\n"), [
      'checkout.env."A=B": must be a name for a variable (letters, digits and _, no digit first), got "A=B"; give it such a name',
      "checkout.memoryMib: must be a whole number from 6 to 1048576 (less is refused by Docker), got 1; choose one in the range",
    ]);
  });

  it("is no number of instances on Docker, where each is a container", async () => {
    await assert.rejects(program({ image, replicas: pulumi.output(2) }, "docker"), {
      message:
        "checkout.replicas: must be known before the deployment on Docker, where each instance is a container of its own, got an Output of Pulumi; write the number (OBS1002)",
    });
  });

  it("is taken out of whatever a program hands over, and the rest is left as it was", () => {
    const anything = fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true });
    const keys = fc.constantFrom("image", "env", "command", "configFiles", "replicas", "ports", "other");
    fc.assert(
      fc.property(fc.oneof(anything, fc.dictionary(keys, anything)), (input) => {
        const { known, later } = laterApart(input);
        assert.equal(known, input);
        assert.deepEqual([later.wholes.size, later.entries.size], [0, 0]);
      }),
    );
  });

  const traps = ["get", "has", "ownKeys", "getPrototypeOf", "getOwnPropertyDescriptor"] as const;
  for (const trap of traps) {
    it(`is not looked for where nothing can be read, and no error that says why is shown: ${trap}`, () => {
      const throws = (target: object): object =>
        new Proxy(target, {
          [trap]: () => {
            throw new Error("topsecret");
          },
        });
      for (const field of ["image", "env", "command", "configFiles", "replicas", "secretEnv", "secretFiles"]) {
        const whole = throws(field === "command" ? [] : {});
        for (const value of [whole, field === "command" ? [whole] : { A: whole }]) {
          try {
            serviceWorkload("checkout", { image, [field]: value }, stack);
          } catch (error) {
            assert.doesNotMatch(String(error), /topsecret/, field);
          }
        }
      }
    });
  }

  it("is not looked for in a list without an end", () => {
    const command = Object.assign([], { [2 ** 32 - 2]: pulumi.output("x") });
    assert.match(
      serviceRefusalOf(() => serviceWorkload("checkout", { image, command }, stack)),
      /checkout\.command: must have at most 100000 entries/,
    );
  });
});
