import * as pulumi from "@pulumi/pulumi";
import type { ObservabilityStackArgs } from "@observability/stack";
import { shop } from "./shop.ts";

const config = new pulumi.Config();

/** Addresses on this machine, Grafana's password, and the name under which the service is found. */
export const { urls, grafanaPassword, serviceName } = shop(config.getObject<ObservabilityStackArgs>("stack") ?? {});
