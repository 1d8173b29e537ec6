import assert from "node:assert/strict";
import { localPortsAnnotation, objectLabels } from "../../../../config/names.ts";
import { commonLabels, roleLabel, roles, selector } from "../../../../components/platform/kubernetes/labels.ts";

describe("the labels of an object", () => {
  it("are the common ones", () => {
    assert.deepEqual(commonLabels("shop-dev", "loki"), {
      "app.kubernetes.io/name": "loki",
      "app.kubernetes.io/instance": "shop-dev",
      "app.kubernetes.io/part-of": "observability",
      "app.kubernetes.io/managed-by": "pulumi",
    });
  });

  it("have those of the selector among them", () => {
    assert.deepEqual(selector("shop-dev", "loki"), {
      "app.kubernetes.io/name": "loki",
      "app.kubernetes.io/instance": "shop-dev",
    });
    assert.deepEqual(commonLabels("a", "b"), { ...commonLabels("a", "b"), ...selector("a", "b") });
  });

  it("never change, since what is deployed has them", () => {
    assert.deepEqual(
      [objectLabels.stack, roleLabel, roles, localPortsAnnotation],
      [
        "app.kubernetes.io/instance",
        "observability/role",
        { backend: "backend", service: "service", check: "check" },
        "observability/local-ports",
      ],
    );
  });
});
