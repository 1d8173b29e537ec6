import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Docker, dockerTypes } from "../../../cli/docker/docker.ts";
import { checkVolumes, removeLeftOvers } from "../../../cli/docker/left-overs.ts";
import { Ownership } from "../../../cli/ownership.ts";
import type { OtherStack, StateResource } from "../../../cli/state.ts";
import { UserError } from "../../../cli/user-error.ts";
import { fakeCommand } from "../../support/fake-command.ts";
import { knownState } from "../../support/known-state.ts";

const name = "observability-a-b";
const mark = { own: "observability/a_b", other: "observability/a-b", old: name };

function resource(type: string, id: string): StateResource {
  return { type, id, urn: `urn:pulumi:a_b::observability::${type}::${id}` };
}

/** A daemon with three objects of each kind, one for each mark; all are named after it. */
const daemon = `
  case "$*" in
    *" ls "*label=observability.stack=${mark.own}*label=observability.name=${name}) echo own;;
    *" ls "*label=observability.stack=${mark.old}) echo old;;
    *" ls "*label=observability.stack=*) echo other;;
    *" inspect "*)
      kind=$1; shift 2; first=[
      for id; do
        case $id in own) mark=${mark.own};; old) mark=${mark.old};; *) mark=${mark.other};; esac
        [ $kind = volume ] || id='","Id":"'$id
        printf '%s{"Name":"%s","Labels":{"observability.stack":"%s","observability.name":"${name}"}}' "$first" "$id" "$mark"; first=,
      done
      echo ];;
  esac`;

describe("what a run that was cut off has left in Docker", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "left-overs-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** Commands that changed something, and the volumes that were found. */
  async function left(
    resources: readonly StateResource[],
    others: readonly OtherStack[] = [],
  ): Promise<{ readonly changes: readonly string[]; readonly volumes: readonly string[] }> {
    const fake = fakeCommand("docker", `echo "$*" >> ${folder}/asked\n${daemon}`);
    try {
      const ownership = new Ownership("a_b", name, knownState({ resources }, others));
      const volumes = await removeLeftOvers(ownership, new Docker(undefined, fake.env), () => undefined);
      const asked = readFileSync(join(folder, "asked"), "utf8").trim().split("\n");
      return { changes: asked.filter((line) => !/ (ls|inspect) /.test(line)), volumes };
    } finally {
      fake.remove();
    }
  }

  it("is removed if it is this stack's and not in its state; each container stops in its own time", async () => {
    const { changes, volumes } = await left([
      resource(dockerTypes.container, "old"),
      resource(dockerTypes.volume, "old"),
    ]);
    assert.deepEqual(changes, ["stop own", "rm --force --volumes own", "network rm own", "network rm old"]);
    assert.deepEqual(volumes, ["own"]);
  });

  it("of an older version is another stack's if that has it in its state, and else this one's", async () => {
    const old = [dockerTypes.container, dockerTypes.network, dockerTypes.volume].map((type) => resource(type, "old"));
    const other = await left([], [{ stack: "a-b", resources: old }]);
    assert.deepEqual(other.changes, ["stop own", "rm --force --volumes own", "network rm own"]);
    assert.deepEqual(other.volumes, ["own"]);
  });

  it("is taken over with the data if no stack has it in its state", async () => {
    const { changes, volumes } = await left([], [{ stack: "a-b", resources: [] }]);
    assert.deepEqual(changes.slice(0, 2), ["stop own old", "rm --force --volumes own old"]);
    assert.deepEqual(volumes, ["own", "old"]);
  });

  async function refusal(id: string, others: readonly OtherStack[] = []): Promise<string> {
    const fake = fakeCommand("docker", daemon);
    const state = knownState({ resources: [resource(dockerTypes.volume, id)] }, others);
    try {
      await checkVolumes(state, new Ownership("a_b", name, state), new Docker(undefined, fake.env));
      return "none";
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      assert.deepEqual(error.errorCodes, ["OBS1208"]);
      return error.message;
    } finally {
      fake.remove();
    }
  }

  it("is no volume of two stacks when data is to be removed: plain pulumi up gives it to both", async () => {
    assert.equal(await refusal("own"), "none");
    assert.equal(await refusal("old", [{ stack: "c", resources: [resource(dockerTypes.volume, "another")] }]), "none");
    const rest = (id: string): string =>
      `volume ${id}: must be of observability/a_b alone, but the stack observability/a-b has it as well; nothing was changed\n  next: `;
    assert.ok((await refusal("other")).startsWith(rest("other")));
    const old = await refusal("old", [{ stack: "a-b", resources: [resource(dockerTypes.volume, "old")] }]);
    assert.ok(old.startsWith(rest("old")), old);
  });
});
