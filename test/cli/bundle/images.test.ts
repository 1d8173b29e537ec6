import assert from "node:assert/strict";
import { furtherReferences, imagesToBundle, missingImages } from "../../../cli/bundle/images.ts";
import { UserError } from "../../../cli/user-error.ts";
import { Docker } from "../../../cli/docker/docker.ts";
import { fakeCommand } from "../../support/fake-command.ts";

const id = (digit: string): string => `sha256:${digit.repeat(64)}`;

describe("the images of a bundle", () => {
  it("are missing if Docker has none by their name, or another one", async () => {
    const fake = fakeCommand(
      "docker",
      `case "$3" in
         same:1) echo '[{ "Id": "${id("a")}" }]';;
         other:1) echo '[{ "Id": "${id("b")}" }]';;
         *) echo '[]'; echo "Error: No such image: $3" >&2; exit 1;;
       esac`,
    );
    const bundled = ["same:1", "other:1", "none:1"].map((reference) => ({ reference, id: id("a") }));
    const missing = await missingImages(new Docker(undefined, fake.env), bundled);
    assert.deepEqual(
      missing.map(({ reference }) => reference),
      ["other:1", "none:1"],
    );
  });

  it("are named by tags: each that is named by a digest is refused before one is pulled", async () => {
    const [one, other] = [`own/a@${id("a")}`, `own/b:1@${id("b")}`];
    const docker = new Docker(undefined, fakeCommand("docker", "exit 1").env);
    const lock = new Map([["own/b:1", id("c")]]);
    await assert.rejects(
      imagesToBundle(["grafana/loki:3", one, other], lock, docker, () => undefined),
      (error) => {
        assert.ok(error instanceof UserError);
        assert.deepEqual(error.errorCodes, ["OBS1603"]);
        const lines = error.message
          .split("\n")
          .map((line) => line.replace(/: must be named by a tag in a bundle, .*/, ""));
        assert.deepEqual(lines.slice(0, 3), [`image ${one}`, `image ${other}`, "nothing was changed"]);
        return true;
      },
    );
  });

  it("are pulled by the digests that the lock gives them, and go by their tags", async () => {
    const locked = `grafana/loki:3@${id("a")}`;
    // A daemon that has no image by a digest, and other ones by the tags until they are given.
    const fake = fakeCommand(
      "docker",
      `given="$0.given"
       case "$*" in
         "image inspect --format"*" ${locked}") echo "No such image" >&2; exit 1;;
         "image inspect --format"*) echo linux/amd64;;
         "pull ${locked}") touch "$given.pulled";;
         "image tag ${locked} grafana/loki:3") mv "$given.pulled" "$given";;
         "image inspect grafana/loki:3") test -e "$given" && echo '[{ "Id": "${id("1")}" }]';;
         "image inspect own/checkout:1") echo '[{ "Id": "${id("2")}" }]';;
         *) echo "$*" >&2; exit 1;;
       esac`,
    );
    const lock = new Map([["grafana/loki:3", id("a")]]);
    const docker = new Docker(undefined, fake.env);
    assert.deepEqual(await imagesToBundle([locked, "own/checkout:1"], lock, docker, () => undefined), [
      { reference: "grafana/loki:3", id: id("1") },
      { reference: "own/checkout:1", id: id("2") },
    ]);
  });

  it("are needed by the names of a registry that stands in place of their own", () => {
    const bundled = ["grafana/loki:3", "ghcr.io/agent/java:2", "localhost/own:1", "team/own:1"].map((reference) => ({
      reference,
      id: id("a"),
    }));
    const registry = "registry.example.com/mirror";
    const needed = ["grafana/loki:3", "agent/java:2", "own:1", "not-there:1"].map((path) => `${registry}/${path}`);
    assert.deepEqual(furtherReferences(bundled, [...needed, "team/own:1", "elsewhere:1"], `${registry}/`), [
      { from: "grafana/loki:3", to: `${registry}/grafana/loki:3` },
      { from: "ghcr.io/agent/java:2", to: `${registry}/agent/java:2` },
      { from: "localhost/own:1", to: `${registry}/own:1` },
    ]);
    assert.deepEqual(furtherReferences(bundled, needed, ""), []);
  });
});
