import assert from "node:assert/strict";
import { Docker } from "../../../cli/docker/docker.ts";
import { pullMissing, registryDigests } from "../../../cli/docker/images.ts";
import { UserError } from "../../../cli/user-error.ts";
import { fakeCommand, type FakeCommand } from "../../support/fake-command.ts";

describe("images", () => {
  let fake: FakeCommand | undefined;
  afterEach(() => fake?.remove());

  /** A daemon that has `here:1`, can pull `there:1`, and nothing else. */
  async function pull(...references: readonly string[]): Promise<string[]> {
    return pullFor(undefined, references);
  }

  async function pullFor(platform: string | undefined, references: readonly string[]): Promise<string[]> {
    fake = fakeCommand(
      "docker",
      `case "$*" in
         "image inspect --format {{.Os}}/{{.Architecture}} here:1") echo linux/amd64;;
         "image inspect --format {{.Os}}/{{.Architecture}} arm:1") echo linux/arm;;
         "pull there:1"|"pull --platform linux/arm64 here:1") exit 0;;
         "image inspect"*) echo "Error: No such image: x" >&2; exit 1;;
         *) echo 'Error response from daemon: lookup registry.invalid: no such host' >&2; exit 1;;
       esac`,
    );
    const said: string[] = [];
    await pullMissing(references, new Docker(undefined, fake.env), (line) => said.push(line), platform);
    return said;
  }

  it("are pulled if they are not there, and only then, each once", async () => {
    assert.deepEqual(await pull("here:1", "there:1", "there:1"), ["pulling there:1"]);
  });

  it("are pulled if they are there for another platform than the one that is asked for", async () => {
    assert.deepEqual(await pullFor("linux/amd64", ["here:1"]), []);
    assert.deepEqual(await pullFor("linux/arm64", ["here:1"]), ["pulling here:1"]);
    assert.deepEqual(await pullFor("linux/arm/v7", ["arm:1"]), []);
  });

  it("that cannot be had are all named before anything is created", async () => {
    await assert.rejects(pull("here:1", "a.invalid/x:1", "b.invalid/x:1"), (error) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual(error.errorCodes, ["OBS1209"]);
      const [first, second, third, next] = error.message.split("\n");
      const why = "must be on this machine or in its registry, got: lookup registry.invalid: no such host";
      assert.deepEqual([first, second], [`image a.invalid/x:1: ${why}`, `image b.invalid/x:1: ${why}`]);
      assert.equal(third, "nothing was changed");
      assert.match(next ?? "", /^ {2}next: /);
      return true;
    });
  });

  describe("that are to be locked", () => {
    const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;

    /** Docker with registries that have `a:1` and, for another platform, `b:1`, and one that answers without a digest. */
    async function asked(references: readonly string[], platform?: string): Promise<unknown> {
      fake = fakeCommand(
        "docker",
        `case "$*" in
           "pull a:1") printf 'x: Pulling from a\\nDigest: ${digest("a")}\\nStatus: Image is up to date for a:1\\na:1\\n';;
           "pull --platform linux/arm64 b:1") printf 'Digest: ${digest("b")}\\n';;
           "pull odd:1") echo Digest: sha256:12;;
           *) echo "Error response from daemon: no $*" >&2; exit 1;;
         esac`,
      );
      return registryDigests(references, new Docker(undefined, fake.env), () => undefined, platform);
    }

    it("have the digest that the registry gives of them, for whatever platform they are pulled", async () => {
      assert.deepEqual(await asked(["a:1", "a:1"]), new Map([["a:1", digest("a")]]));
      assert.deepEqual(await asked(["b:1"], "linux/arm64"), new Map([["b:1", digest("b")]]));
    });

    it("are all named if no registry gives one: they were built or loaded here, or it is away", async () => {
      await assert.rejects(asked(["a:1", "built:1", "odd:1"]), (error) => {
        assert.ok(error instanceof UserError);
        assert.deepEqual(error.errorCodes, ["OBS1211"]);
        const rule = "must be in its registry, which says its digest, got:";
        assert.deepEqual(error.message.split("\n").slice(0, 3), [
          `image built:1: ${rule} no pull built:1`,
          `image odd:1: ${rule} no digest`,
          "nothing was changed",
        ]);
        return true;
      });
    });
  });
});
