import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { deliverImage } from "../../../../components/platform/kubernetes/deliver-image.ts";

const image = "shop:1";
const host = "unix:///nowhere/docker.sock";

describe("the delivery of an image", () => {
  it("runs the user's command in a shell, with the image and the daemon in its environment", async () => {
    const file = join(tmpdir(), `delivered-${process.pid}`);
    try {
      await deliverImage(`printf '%s' "$IMAGE from $DOCKER_HOST" | cat > "${file}"`, image, host);
      assert.equal(readFileSync(file, "utf8"), `${image} from ${host}`);
    } finally {
      rmSync(file, { force: true });
    }
  });

  it("hands the image over as data: a name is no command", async () => {
    await deliverImage('test "$IMAGE" = "\\$(exit 1); exit 1"', "$(exit 1); exit 1", host);
  });

  it("fails with the last lines that the command said, the command and the settings to look at", async () => {
    const command = 'for line in 1 2 3 4 5 6; do echo "line $line" >&2; done; exit 3';
    await assert.rejects(deliverImage(command, image, host), {
      message:
        `image shop:1: must get into the cluster by \`${command}\`, got: line 2\nline 3\nline 4\nline 5\nline 6; ` +
        "look at kubernetes.registry and kubernetes.loadCommand (OBS1311)",
    });
  });

  it("fails with the end of the command if it said nothing", async () => {
    await assert.rejects(deliverImage("exit 3", image, host), {
      message:
        /^image shop:1: must get into the cluster by `exit 3`, got: Error: Command failed: sh -c exit 3; look at /,
    });
  });
});
