import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { grafanaWorkload } from "../../components/grafana.ts";
import { serviceWorkload } from "../../components/instrumented-service.ts";
import { jaegerWorkload } from "../../components/jaeger.ts";
import { lokiWorkload } from "../../components/loki.ts";
import { otelCollectorWorkload } from "../../components/otel-collector.ts";
import type { Workload } from "../../components/platform/workload.ts";
import { victoriaMetricsWorkload } from "../../components/victoria-metrics.ts";
import { settings } from "./settings.ts";

/** Folder of an image that the tests describe and never build. */
export const imageFolder = join(import.meta.dirname, "..", "fixtures", "image");

/** Content of every secret file of {@link sampleWorkloads}. */
export const secretText = "the secret of the test";

const { images, memoryMib, ports, retentionHours, loki, otelCollector, serviceNamespace } = settings();
const common = { replicas: 1, retentionHours };

const stack = { settings: settings() };
const service = {
  command: ["serve", "--fast"],
  env: { MODE: "fast=1" },
  ports: [
    { name: "http", port: 8080, hostPort: 18080 },
    { name: "admin", port: 8081 },
  ],
  healthCheck: { port: 8080, path: "/healthz", command: ["check", "http://127.0.0.1:8080/healthz"] },
  userId: 1001,
  memoryMib: 192,
  stopGraceSeconds: 25,
};

/**
 * Every kind of workload that the stack runs, by what it is: the five backends, and services with several instances and
 * with an image of their own. Functions, since an Output belongs to the program that makes it.
 */
export const sampleWorkloads: Readonly<Record<string, () => Workload>> = {
  Loki: () => lokiWorkload({ ...common, ...loki, image: images.loki, memoryMib: memoryMib.loki, hostPort: ports.loki }),
  VictoriaMetrics: () =>
    victoriaMetricsWorkload({
      ...common,
      image: images.victoriaMetrics,
      memoryMib: memoryMib.victoriaMetrics,
      hostPort: ports.victoriaMetrics,
    }),
  Jaeger: () =>
    jaegerWorkload({ ...common, image: images.jaeger, memoryMib: memoryMib.jaeger, hostPort: ports.jaeger }),
  "the Collector": () =>
    otelCollectorWorkload({
      ...common,
      ...otelCollector,
      image: images.otelCollector,
      memoryMib: memoryMib.otelCollector,
      serviceNamespace,
      hostPorts: ports,
      secretFiles: [],
    }),
  "the Collector with a fragment": () => ({
    ...otelCollectorWorkload({
      ...common,
      ...otelCollector,
      image: images.otelCollector,
      memoryMib: memoryMib.otelCollector,
      serviceNamespace,
      hostPorts: ports,
      config: { exporters: { debug: { verbosity: "basic" } } },
      secretFiles: [{ path: "/run/secrets/one", content: pulumi.secret(secretText) }],
    }),
    // A check has to have them as well.
    scratchPaths: ["/tmp"],
  }),
  Grafana: () =>
    grafanaWorkload(
      {
        ...common,
        image: images.grafana,
        memoryMib: memoryMib.grafana,
        hostPort: ports.grafana,
        adminUser: "admin",
        dashboards: [],
        datasources: [],
      },
      [{ path: "/run/secrets/one", content: pulumi.secret(secretText) }],
    ),
  "a service with two instances": () =>
    serviceWorkload("shop-api", { ...service, image: "registry.example.com/shop/api:1.4.2", replicas: 2 }, stack),
  "a service with an image of its own": () =>
    serviceWorkload("shop-web", { ...service, build: { context: imageFolder, args: { BASE: "scratch" } } }, stack),
};
