import { furtherKept } from "./further-parts.ts";

/** The settings of a cluster as they are by default, but for its context and its namespace, which have none. */
export const defaultCluster = {
  createNamespace: true,
  storageClass: "",
  storageGib: {
    ...{ loki: 10, victoriaMetrics: 10, jaeger: 10, otelCollector: 4, grafana: 1 },
    ...Object.fromEntries(furtherKept.map(({ name, data }) => [name, data.defaultGib])),
  },
  registry: "",
  loadCommand: "",
  imagePullSecrets: [],
  nodeSelector: {},
  tolerations: [],
  resources: {},
  otlpNamespaces: [],
  ingress: { host: "", insecure: false, annotations: {}, controllerNamespace: "ingress-nginx" },
};
