/** What the Collector may read of the API server for {@link podEnrichment}. */
export const podReaderRules = [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }];

/**
 * Processor that adds the attributes of the pod that telemetry comes from, found by the pod's uid if the telemetry names
 * it and else by the address of the connection
 * (github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/k8sattributesprocessor).
 *
 * @param namespace the only one that it looks at, for which a Role is enough; `undefined` for all
 */
export function podEnrichment(namespace: string | undefined): Readonly<Record<string, object>> {
  return {
    k8s_attributes: {
      auth_type: "serviceAccount",
      ...(namespace === undefined ? {} : { filter: { namespace } }),
      extract: {
        metadata: [
          "k8s.namespace.name",
          "k8s.pod.name",
          "k8s.pod.uid",
          "k8s.node.name",
          "k8s.deployment.name",
          "k8s.statefulset.name",
        ],
        // From the name of the ReplicaSet; otherwise it would have to read all of those as well.
        deployment_name_from_replicaset: true,
      },
      pod_association: [
        { sources: [{ from: "resource_attribute", name: "k8s.pod.uid" }] },
        { sources: [{ from: "connection" }] },
      ],
    },
  };
}
