import assert from "node:assert/strict";
import { dockerTarget } from "../../cli/docker/docker-target.ts";
import { Docker } from "../../cli/docker/docker.ts";
import { ensureLogin } from "../../cli/grafana-login.ts";
import type { StackOutputs } from "../../cli/outputs.ts";
import { UserError } from "../../cli/user-error.ts";
import { programSettings } from "../../config/program-settings.ts";
import { fakeCommand } from "../support/fake-command.ts";
import { FakeGrafana } from "../support/fake-grafana.ts";
import { noPlan } from "../../cli/preview/planned-program.ts";

describe("the login of Grafana", () => {
  /** What is said for an answer to the question who somebody is; the password is set by a command that notes it. */
  async function said(url: string | undefined): Promise<readonly string[]> {
    const docker = fakeCommand("docker", 'test "$(cat)" = hunter2 && test "$3" = observability-dev-grafana');
    const target = dockerTarget(
      programSettings({}, { project: "observability", stack: "dev" }),
      "dev",
      noPlan,
      new Docker(undefined, docker.env),
    );
    const outputs: StackOutputs = {
      urls: { grafana: url },
      grafanaUser: "admin",
      grafanaPassword: "hunter2",
      serviceNames: [],
      instances: [{ name: "observability-dev-grafana", urn: "", replicas: 1 }],
    };
    const lines: string[] = [];
    try {
      await ensureLogin(outputs, target, (line) => lines.push(line));
      return lines;
    } finally {
      docker.remove();
    }
  }

  async function answering(answer: unknown): Promise<readonly string[]> {
    const grafana = await FakeGrafana.start({ "/api/user": answer });
    try {
      return await said(grafana.url);
    } finally {
      await grafana.stop();
    }
  }

  it("is left as it is where Grafana takes the password, has another problem, or is not there", async () => {
    assert.deepEqual(await answering({ login: "admin" }), []);
    assert.deepEqual(await answering(503), []);
    assert.deepEqual(await said(undefined), []);
  });

  it("is set anew where Grafana refuses it, since its data is older, and that is said", async () => {
    assert.deepEqual(await answering(401), [
      "Grafana's data is older than its password: setting the password of this stack",
    ]);
  });

  it("cannot be looked at where Grafana cannot be reached, and that is said in one line", async () => {
    await assert.rejects(said("http://127.0.0.1:9"), (error) => {
      assert.ok(error instanceof UserError);
      const [problem, next, ...rest] = error.message.split("\n");
      // The port is one that `fetch` does not ask.
      assert.equal(problem, "Grafana: must answer at http://127.0.0.1:9, got: bad port");
      assert.equal(next, "  next: npm run up; or see why: docker logs --tail 50 observability-dev-grafana");
      assert.deepEqual(rest, []);
      assert.deepEqual(error.errorCodes, ["OBS1506"]);
      return true;
    });
    const { url } = await stopped();
    await assert.rejects(said(url), new RegExp(`^Error: Grafana: must answer at ${url}, got: connect ECONNREFUSED `));
  });

  async function stopped(): Promise<{ readonly url: string }> {
    const grafana = await FakeGrafana.start({});
    const { url } = grafana;
    await grafana.stop();
    return { url };
  }
});
