import assert from "node:assert/strict";
import { Docker } from "../../../cli/docker/docker.ts";
import { prepareDelivery, programOf } from "../../../cli/kubernetes/delivery.ts";
import { programSettings } from "../../../config/program-settings.ts";
import { fakeCommand, type FakeCommand } from "../../support/fake-command.ts";

describe("the way of the services' image into the cluster", () => {
  let fake: FakeCommand;
  afterEach(() => {
    fake.remove();
  });

  /** What is said, with a Docker that answers by a script. */
  async function prepare(
    kubernetes: object,
    script: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<string[]> {
    fake = fakeCommand("docker", script);
    const settings = programSettings(
      {
        "observability:target": "kubernetes",
        "observability:kubernetes": JSON.stringify({ context: "fake", ...kubernetes }),
        "observability:images": JSON.stringify({ node: "node:22.1.0" }),
        ...more,
      },
      { project: "observability", stack: "shop" },
    );
    const said: string[] = [];
    await prepareDelivery(settings, (line) => said.push(line), new Docker(undefined, fake.env), fake.env);
    return said;
  }

  const works = 'case "$*" in version*) echo 28.0.0;; "image inspect"*) echo "No such image" >&2; exit 1;; esac';

  it("needs Docker, the program that delivers it, and the image that it is built upon, which is pulled", async () => {
    assert.deepEqual(await prepare({ registry: "registry.example.com/team" }, works), ["pulling node:22.1.0"]);
  });

  it("needs nothing where nothing is built", async () => {
    assert.deepEqual(await prepare({}, "exit 1", { "observability:exampleServices": "false" }), []);
  });

  it("is missing without Docker", async () => {
    await assert.rejects(
      // It is asked first: only that question has an end if the daemon does not answer.
      prepare(
        { loadCommand: "true" },
        'case "$*" in version*) echo "Cannot connect to the Docker daemon at x" >&2; exit 1;; esac',
      ),
      /^Error: docker: the daemon must be reachable, got: Cannot connect to the Docker daemon at x\n {2}next: /,
    );
  });

  it("is missing without the program that brings it there", async () => {
    await assert.rejects(prepare({ loadCommand: 'no-such-loader load "$IMAGE"' }, works), {
      name: "Error",
      message:
        "no-such-loader: must be on the PATH, since it brings the services' image into the cluster, found none\n" +
        "  next: install it, or say how by npm run up -- --target kubernetes --registry REGISTRY or --load-command COMMAND",
    });
  });

  it("is missing without the image that it is built upon", async () => {
    const script = `${works.replace("esac", "")} pull*) echo "no such host" >&2; exit 1;; esac`;
    await assert.rejects(
      prepare({ loadCommand: "true" }, script),
      /^Error: image node:22\.1\.0: must be on this machine or in its registry, got: no such host\n/,
    );
  });
});

describe("the program of a shell command", () => {
  const cases: readonly (readonly [command: string, program: string | undefined])[] = [
    ['kind load docker-image "$IMAGE"', "kind"],
    ["  A=1 B= minikube image load", "minikube"],
    ["/opt/bin/loader", "/opt/bin/loader"],
    // What a shell makes of these only the shell knows.
    ['"my loader" x', undefined],
    ["$LOADER x", undefined],
    ["(cd x && y)", undefined],
    ["A=1", undefined],
    ["", undefined],
  ];
  for (const [command, program] of cases) {
    it(`${JSON.stringify(command)} is ${program ?? "not known"}`, () => {
      assert.equal(programOf(command), program);
    });
  }
});
