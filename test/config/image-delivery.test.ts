import assert from "node:assert/strict";
import { imageDelivery } from "../../config/image-delivery.ts";

describe("the way of an image into the cluster", () => {
  const byContext = (context: string): string | undefined => imageDelivery({ registry: "", loadCommand: "", context });

  for (const [context, command] of [
    ["kind-kind", 'kind load docker-image "$IMAGE" --name kind'],
    ["kind-my.cluster_1", 'kind load docker-image "$IMAGE" --name my.cluster_1'],
    ["minikube", 'minikube image load "$IMAGE"'],
    ["k3d-dev", 'k3d image import "$IMAGE" --cluster dev'],
    ["k3s", 'docker save "$IMAGE" | sudo k3s ctr images import -'],
    ["k3s-home", 'docker save "$IMAGE" | sudo k3s ctr images import -'],
  ] as const) {
    it(`is known for the context ${context}`, () => {
      assert.equal(byContext(context), command);
    });
  }

  for (const context of [
    "",
    "prod",
    "kind",
    "kind-",
    "my-kind-a",
    "minikube-2",
    "k3d-",
    "k3sx",
    'kind-a"; rm -rf "',
    "kind-$(id)",
  ]) {
    it(`is not guessed for the context ${JSON.stringify(context)}`, () => {
      assert.equal(byContext(context), undefined);
    });
  }

  it("is the user's own command rather than what the context says", () => {
    assert.equal(imageDelivery({ registry: "", loadCommand: "load it", context: "kind-a" }), "load it");
  });

  it("is the registry if there is one, from which the cluster pulls", () => {
    const all = { registry: "registry.example.com", loadCommand: "load it", context: "kind-a" };
    assert.equal(imageDelivery(all), 'docker push --quiet "$IMAGE"');
  });
});
