import assert from "node:assert/strict";
import { deployedInstances, deployedOutputs, outputsIn, stackOutputs, urlOf } from "../../cli/outputs.ts";
import { UserError } from "../../cli/user-error.ts";

const values = {
  urls: { grafana: "http://127.0.0.1:3000", api: "http://127.0.0.1:8080" },
  grafanaUser: "admin",
  grafanaPassword: "the password",
  serviceNames: ["integr8scode-backend"],
  instances: [{ name: "observability-dev-loki", urn: "urn:pulumi:dev::observability::x::loki", replicas: 1 }],
};
const outputs = Object.fromEntries(
  Object.entries(values).map(([key, value]) => [key, { value, secret: key === "grafanaPassword" }]),
);

describe("the outputs of a stack", () => {
  it("are the values that the program exports, secrets among them", () => {
    assert.deepEqual(stackOutputs(outputs), values);
    assert.deepEqual(deployedOutputs(outputs), values);
  });

  it("have one instance of each workload where they were not counted yet", () => {
    const [instance] = values.instances;
    const { replicas: _, ...uncounted } = instance ?? { replicas: 0 };
    const older = { ...outputs, instances: { value: [uncounted], secret: false } };
    assert.deepEqual(deployedOutputs(older).instances, values.instances);
  });

  it("name the instances in its state as well, none where nothing is deployed", () => {
    const root = { type: "pulumi:pulumi:Stack", urn: "urn:pulumi:dev::observability::pulumi:pulumi:Stack::x" };
    assert.deepEqual(deployedInstances([{ ...root, outputs: values }]), values.instances);
    assert.deepEqual([deployedInstances([root]), deployedInstances([])], [[], []]);
  });

  it("are found in the decrypted state as well, where a secret has its text as JSON", () => {
    const root = { type: "pulumi:pulumi:Stack", urn: "urn:pulumi:dev::observability::pulumi:pulumi:Stack::x" };
    const grafanaPassword = {
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      plaintext: JSON.stringify(values.grafanaPassword),
    };
    assert.deepEqual(outputsIn([{ ...root, outputs: { ...values, grafanaPassword } }]), values);
    assert.throws(() => outputsIn([]), /^Error: the stack is not deployed\n/);
  });

  it("are none for a stack that is not deployed, and the commands that need them say so", () => {
    assert.equal(stackOutputs({}), undefined);
    assert.throws(
      () => deployedOutputs({}),
      (error: unknown) => {
        assert.ok(error instanceof UserError);
        assert.equal(error.message, "the stack is not deployed\n  next: npm run up");
        assert.deepEqual(error.errorCodes, ["OBS1501"]);
        return true;
      },
    );
  });

  it("have an address of each part, or the commands that need one say that there is none", () => {
    const { urls } = deployedOutputs(outputs);
    assert.equal(urlOf({ urls }, "grafana"), "http://127.0.0.1:3000");
    assert.throws(
      () => urlOf({ urls: { api: urls.api } }, "grafana"),
      (error: unknown) => {
        assert.ok(error instanceof UserError);
        assert.deepEqual(error.errorCodes, ["OBS1503"]);
        assert.equal(
          error.message,
          "urls.grafana: must be an address of the stack, got none: its services run alone (observability: false)\n" +
            "  next: set observability to true, then npm run up",
        );
        return true;
      },
    );
  });

  it("are refused when a part is missing or has another type", () => {
    const { grafanaPassword: _, ...rest } = outputs;
    assert.throws(() => stackOutputs(rest), /grafanaPassword/);
    assert.throws(() => stackOutputs({ ...outputs, instances: { value: ["loki"], secret: false } }), /instances/);
  });
});
