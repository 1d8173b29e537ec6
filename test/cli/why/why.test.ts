import assert from "node:assert/strict";
import type { StackOutputs } from "../../../cli/outputs.ts";
import { UserError } from "../../../cli/user-error.ts";
import { allServices } from "../../../cli/why/why.ts";
import { FakeGrafana } from "../../support/fake-grafana.ts";
import { freePort } from "../../support/free-ports.ts";

describe("what arrives of all services", () => {
  async function saidOf(grafana: string): Promise<readonly string[]> {
    const outputs: StackOutputs = {
      urls: { grafana },
      grafanaUser: "admin",
      grafanaPassword: "",
      serviceNames: [],
      instances: [],
    };
    try {
      await allServices(outputs, Date.now());
    } catch (error) {
      assert.ok(error instanceof UserError, String(error));
      assert.deepEqual(error.errorCodes, ["OBS1506"]);
      return error.message.replaceAll(grafana, "URL").split("\n");
    }
    return assert.fail("must be refused");
  }

  it("is not known if Grafana goes away, which is told in two lines", async () => {
    const [problem, next] = await saidOf(`http://127.0.0.1:${await freePort()}`);
    assert.match(problem ?? "", /^Grafana: must answer at URL, got: connect ECONNREFUSED /);
    assert.equal(next, "  next: npm run verify, which says what is down");
  });

  it("is not known if a store behind it goes away", async () => {
    const grafana = await FakeGrafana.start({});
    try {
      const [problem] = await saidOf(grafana.url);
      assert.match(problem ?? "", /^Grafana: must answer at URL, got: \/api\/datasources\/\S+ answered 404: /);
    } finally {
      await grafana.stop();
    }
  });
});
