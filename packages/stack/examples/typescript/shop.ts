import { InstrumentedService, ObservabilityStack, type ObservabilityStackArgs } from "@observability/stack";

/** The stack, with a service that knows nothing of telemetry beside it. */
export function shop(settings: ObservabilityStackArgs) {
  const stack = new ObservabilityStack("observability", { serviceNamespace: "shop", ...settings });
  const checkout = new InstrumentedService("checkout", {
    stack,
    image: "registry.example.com/shop/checkout:1.4.2",
    instrument: "nodejs",
    ports: [{ name: "http", port: 8080, hostPort: 8085 }],
  });
  return {
    urls: stack.urls,
    grafanaPassword: stack.grafanaPassword,
    serviceName: checkout.serviceName,
  };
}
