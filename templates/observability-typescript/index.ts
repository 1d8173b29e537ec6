import * as pulumi from "@pulumi/pulumi";
import { InstrumentedService, ObservabilityStack, type ObservabilityStackArgs } from "@observability/stack";

const config = new pulumi.Config();

const stack = new ObservabilityStack("observability", {
  target: config.require<"docker" | "kubernetes">("target"),
  serviceNamespace: pulumi.getProject(),
  // Everything else: pulumi config set --path settings.retentionHours 168
  ...config.getObject<ObservabilityStackArgs>("settings"),
});

// A process that knows nothing of telemetry. Put your own service in its place.
new InstrumentedService("hello", {
  stack,
  image: config.require("image"),
  command: ["node", "--eval", "setInterval(() => console.log('hello'), 1000)"],
  instrument: "nodejs",
});

/** Addresses on this machine. */
export const urls = stack.urls;
/** Password of Grafana's user `admin`: pulumi stack output grafanaPassword --show-secrets */
export const grafanaPassword = stack.grafanaPassword;
