/** Each queue and the one service that consumes it. */
export const consumers = {
  "execution-requests": "saga-orchestrator",
  "pod-commands": "k8s-worker",
  "pod-events": "pod-monitor",
  "execution-results": "result-processor",
  "execution-updates": "backend",
  "dead-letters": "dlq-processor",
  "replay-requests": "event-replay",
} as const;

/** Name of a queue, `messaging.destination.name` on spans and metrics. */
export type Destination = keyof typeof consumers;

/** Name of a service: its host name on the network and the argument that starts it. */
export type ServiceName = (typeof consumers)[Destination];

/** All services, in alphabetical order. */
export const serviceNames: readonly ServiceName[] = Object.values(consumers).sort();

/** Whether a text names a queue. */
export function isDestination(text: unknown): text is Destination {
  return typeof text === "string" && Object.hasOwn(consumers, text);
}

/** Whether a text names a service. */
export function isServiceName(text: unknown): text is ServiceName {
  return serviceNames.some((name) => name === text);
}
