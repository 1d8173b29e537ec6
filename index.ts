import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { InstrumentedService, ObservabilityStack } from "./components/index.ts";
import { exampleServices } from "./config/example-services.ts";
import { programFiles } from "./config/program-files.ts";
import { programSettings } from "./config/program-settings.ts";

const settings = programSettings(
  pulumi.runtime.allConfig(),
  { project: pulumi.getProject(), stack: pulumi.getStack() },
  programFiles(),
);

const stack = new ObservabilityStack("observability", settings.stack);

const services = exampleServices(settings, join(import.meta.dirname, "services")).map(
  ({ name, ...args }) => new InstrumentedService(name, { stack, ...args }),
);

/** Addresses on this machine. */
export const urls = {
  ...stack.urls,
  api: settings.example.exampleServices ? `http://127.0.0.1:${settings.example.apiPort}` : undefined,
};
/** Grafana's first user; `npm run password` prints the password. */
export const grafanaUser = settings.stack.grafana.adminUser;
export const grafanaPassword = stack.grafanaPassword;
/** `service.name` of each instrumented service. */
export const serviceNames = services.flatMap((service) => service.serviceName ?? []);
/** For another program, whose services join this stack. */
export const connection = stack.connection;
/** What runs, as the platform's own tools name it. */
export const instances = [...stack.instances, ...services.flatMap((service) => service.running.instances)];
