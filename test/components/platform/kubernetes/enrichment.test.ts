import assert from "node:assert/strict";
import { podEnrichment, podReaderRules } from "../../../../components/platform/kubernetes/enrichment.ts";
import { podAttributes } from "../../../../components/platform/kubernetes/pod-template.ts";

describe("what the Collector adds about pods", () => {
  const metadata = [
    ...["k8s.namespace.name", "k8s.pod.name", "k8s.pod.uid", "k8s.node.name"],
    ...["k8s.deployment.name", "k8s.statefulset.name"],
  ];
  const processor = {
    auth_type: "serviceAccount",
    extract: { metadata, deployment_name_from_replicaset: true },
    pod_association: [
      { sources: [{ from: "resource_attribute", name: "k8s.pod.uid" }] },
      { sources: [{ from: "connection" }] },
    ],
  };

  it("is found among the pods of one namespace, for which a Role is enough", () => {
    assert.deepEqual(podEnrichment("team-a"), { k8s_attributes: { ...processor, filter: { namespace: "team-a" } } });
  });

  it("is found among all pods if telemetry comes from other namespaces", () => {
    assert.deepEqual(podEnrichment(undefined), { k8s_attributes: processor });
  });

  it("needs to read pods and nothing else", () => {
    assert.deepEqual(podReaderRules, [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }]);
  });

  it("has what a pod says of itself among it", () => {
    const own = Object.keys(podAttributes("team-a"));
    assert.deepEqual(
      own.filter((name) => !metadata.includes(name)),
      [],
    );
  });
});
