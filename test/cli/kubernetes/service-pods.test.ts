import assert from "node:assert/strict";
import { servicePods } from "../../../cli/kubernetes/service-pods.ts";
import { judgeEnvironment } from "../../../cli/why/environment.ts";
import { FakeApiServer } from "../../support/fake-api-server.ts";
import { podCommand, succeeded } from "../../support/pod-streams.ts";

const part = (workload: string): object => ({
  "app.kubernetes.io/part-of": "observability",
  "app.kubernetes.io/name": workload,
});
const policy = {
  metadata: { name: "collector", namespace: "shop" },
  spec: {
    podSelector: { matchLabels: { "app.kubernetes.io/name": "otel-collector" } },
    policyTypes: ["Ingress"],
    ingress: [
      {
        from: [
          { podSelector: { matchLabels: { role: "service" } } },
          { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "payments" } } },
        ],
      },
    ],
  },
};

describe("the pods of services", () => {
  const env = [
    { name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: "http://otel-collector:4318" },
    { name: "OTEL_EXPORTER_OTLP_PROTOCOL", value: "grpc" },
    { name: "PASSWORD", value: "hunter2" },
    { name: "OTEL_EXPORTER_OTLP_HEADERS", valueFrom: { secretKeyRef: { name: "login", key: "headers" } } },
    { name: "OTEL_SERVICE_NAME", valueFrom: { configMapKeyRef: { name: "names", key: "it" } } },
  ];
  const pod = (namespace: string, name: string, labels: object, state: object, container: object = {}): object => ({
    metadata: { namespace, name, labels },
    spec: { containers: [{ name: "app", env, command: ["node"], args: ["main.js"], ...container }] },
    status: {
      phase: "Running",
      containerStatuses: [{ name: "app", state, lastState: { terminated: { exitCode: 3 } } }],
    },
  });
  const running = { running: { startedAt: "2026-01-01T00:00:00Z" } };
  const waiting = { waiting: { reason: "CrashLoopBackOff" } };
  const answers = {
    "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies": { items: [policy] },
    "/api/v1/namespaces/shop/pods": {
      items: [
        pod("shop", "otel-collector-0", part("otel-collector"), running),
        pod("shop", "checkout-1", { app: "checkout", role: "service" }, running),
        pod("shop", "stray-1", {}, waiting, { env: [], envFrom: [{ secretRef: { name: "all" } }] }),
      ],
    },
    "/api/v1/namespaces/payments/pods": { items: [pod("payments", "pay-1", {}, running)] },
    "/api/v1/namespaces/shop/pods/stray-1/log": "no database\n",
  };

  it("have state, variables of telemetry, where the others are kept, and whether the policies let them in", async () => {
    const server = await FakeApiServer.start(answers);
    try {
      const found = await servicePods(server.cluster(), ["payments"]);
      assert.deepEqual(
        found.map(({ name, aliases, state, collector, apart }) => [
          name,
          aliases,
          state,
          collector.http,
          apart?.weight,
        ]),
        [
          [
            "pod checkout-1, container app",
            ["checkout-1", "app", "checkout"],
            "running",
            "http://otel-collector:4318",
            undefined,
          ],
          [
            "pod stray-1, container app",
            ["stray-1", "app"],
            "CrashLoopBackOff, its last run ended with 3",
            "http://otel-collector:4318",
            "may",
          ],
          [
            "pod payments/pay-1, container app",
            ["pay-1", "app"],
            "running",
            "http://otel-collector.shop:4318",
            undefined,
          ],
        ],
      );
      const [checkout, stray] = found;
      assert.deepEqual(Object.keys(checkout?.env ?? {}), [
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
      ]);
      assert.deepEqual(checkout?.hiddenEnv, {
        OTEL_EXPORTER_OTLP_HEADERS: "Secret login",
        OTEL_SERVICE_NAME: "ConfigMap names",
      });
      assert.deepEqual([stray?.hiddenEnv, await stray?.lastLines()], [{ "*": "Secret all" }, "no database"]);
    } finally {
      await server.stop();
    }
  });

  it("are tried from by what their image has, or it is said what keeps that from being done and the command to do it by hand", async () => {
    const exec = "/api/v1/namespaces/shop/pods/checkout-1/exec";
    const looked = async (output: string): Promise<readonly unknown[]> => {
      const stream = podCommand(() => ({ output, status: succeeded }));
      const server = await FakeApiServer.start(answers, { [exec]: stream });
      try {
        const [checkout, stray, pay] = await servicePods(server.cluster(), ["payments"]);
        const tried = await Promise.all([checkout, stray, pay].map(async (one) => one?.connection()));
        return [
          await checkout?.languageInside(),
          ...tried.map((one) => (typeof one === "function" ? "tried" : one?.notTried)),
        ];
      } finally {
        await server.stop();
      }
    };
    const byHand = (namespace: string, pod: string, host: string): string =>
      `by hand: kubectl --context fake --namespace ${namespace} debug ${pod} --attach --quiet --profile restricted --image busybox -- sh -c 'busybox nc -w 5 ${host} 4318 </dev/null && echo reached'`;
    assert.deepEqual(await looked("tool nc\ngo\n"), [
      "go",
      "tried",
      "it does not run",
      `no command can be run in it: Unexpected server response: 404; ${byHand("payments", "pay-1", "otel-collector.shop")}`,
    ]);
    assert.equal(
      (await looked(""))[1],
      `its image has none of nc, bash; ${byHand("shop", "checkout-1", "otel-collector")}`,
    );
  });

  it("are judged as every process is, and what is not known of them is said", async () => {
    const server = await FakeApiServer.start(answers);
    try {
      const [checkout, stray] = await servicePods(server.cluster(), []);
      assert.ok(checkout !== undefined && stray !== undefined);
      const causes = [checkout, stray].map((one) => judgeEnvironment({ ...one, language: undefined })[0]?.cause);
      assert.deepEqual(causes, [
        'OTEL_EXPORTER_OTLP_PROTOCOL=grpc to OTEL_EXPORTER_OTLP_ENDPOINT="http://otel-collector:4318": port 4318 speaks HTTP',
        "OTEL_EXPORTER_OTLP_ENDPOINT may be in Secret all, which is not read here",
      ]);
    } finally {
      await server.stop();
    }
  });
});
