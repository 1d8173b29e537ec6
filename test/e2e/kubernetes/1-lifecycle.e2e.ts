import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pWaitFor from "p-wait-for";
import type { PreviewResource } from "../../../components/preview/record-program.ts";
import { previewStack } from "../../../components/preview/preview-stack.ts";
import { kubernetesQueries, problemWith } from "../support/documented-queries.ts";
import { storedLogs, storedSpans } from "../support/emitter.ts";
import { eventuallyLogs } from "../support/loki.ts";
import type { Ended } from "../support/run.ts";
import { changeDashboards } from "../support/changed-dashboards.ts";
import { ruleProblems } from "../support/rule-verdict.ts";
import { emptyPanels } from "../support/panels.ts";
import { copyService, plainService, secretOfService, serviceStatement } from "../support/service-fixtures.ts";
import { metricsOf, tracesOf } from "../support/service-telemetry.ts";
import { clusterOptions, kubectl, podsOf, rolledBy } from "./support/cluster.ts";
import { clusterWorkspace } from "./support/cluster-workspace.ts";
import { dryRunProblems } from "./support/dry-run.ts";
import { Open } from "./support/open.ts";
import { PodEmitter } from "./support/pod-emitter.ts";
import { PodLoad } from "./support/pod-load.ts";
import { startPod } from "./support/program-pod.ts";
import type { Workspace } from "../support/workspace.ts";

const target = ["--target", "kubernetes"] as const;

describe("a stack on Kubernetes", () => {
  let workspace: Workspace;
  let namespace: string;
  let first: Ended;
  let restore: () => void;

  before(async function () {
    this.timeout(400_000);
    workspace = await clusterWorkspace();
    namespace = workspace.name;
    const otherRepository = mkdtempSync(join(tmpdir(), "observability-plain-"));
    const program = join(workspace.folder, "index.ts");
    const before = readFileSync(program);
    restore = () => {
      writeFileSync(program, before);
      rmSync(otherRepository, { recursive: true });
    };
    copyService("plain-service", otherRepository);
    appendFileSync(program, serviceStatement("plain", plainService(otherRepository)));
    first = await workspace.up(...clusterOptions(namespace));
    process.stdout.write(`      npm run up took ${(first.tookMillis / 1000).toFixed(1)} s\n`);
  });

  after(() => {
    restore();
  });

  it("is made of objects that the API server takes, strictly, and so are all that settings can add", async () => {
    const printed = await workspace.npm("run", "--silent", "preview", "--", ...target, "--json");
    const { resources } = JSON.parse(printed.stdout) as { resources: readonly PreviewResource[] };
    assert.equal(await dryRunProblems(resources, `${namespace}-dry`), "");
    const everything = await previewStack({
      target: "kubernetes",
      kubernetes: {
        context: "any",
        storageClass: "local-path",
        imagePullSecrets: ["registry"],
        nodeSelector: { "kubernetes.io/os": "linux" },
        tolerations: [{ key: "dedicated", operator: "Equal", value: "observability", effect: "NoSchedule" }],
        resources: { loki: { cpuRequestMillicores: 250, cpuLimitMillicores: 1000 } },
        otlpNamespaces: ["shop", "payments"],
        ingress: { host: "grafana.example.com", className: "nginx", tlsSecretName: "grafana-tls" },
      },
    });
    assert.equal(await dryRunProblems(everything.resources, `${namespace}-dry`), "");
  });

  it("ends verified: every check in the table passed", () => {
    assert.match(first.stdout, /log in Loki +passed/);
    assert.match(first.stdout, /trace in Jaeger +passed/);
    assert.match(first.stdout, /metric in VictoriaMetrics +passed/);
    assert.doesNotMatch(first.stdout, /FAILED/);
  });

  it("ends with the commands that work from here on, and never prints the password", async () => {
    const { grafanaPassword } = await workspace.outputs();
    assert.match(first.stdout, /npm run open -- --stack kubernetes/);
    assert.ok(first.stdout.includes("Alerts reach nobody: set alerts.contactPoints, see docs/alerts.md"));
    assert.ok(!first.output.includes(grafanaPassword));
    const verified = await workspace.npm("run", "verify", "--", ...target);
    assert.equal(verified.code, 0, verified.output);
  });

  it("runs every pod under the restricted profile, without root and on a root filesystem that is read-only", async () => {
    const label = await kubectl(["get", "namespace", namespace, "--output", "jsonpath={.metadata.labels}"]);
    assert.equal((JSON.parse(label) as Record<string, string>)["pod-security.kubernetes.io/enforce"], "restricted");
    const [pod] = (await podsOf(namespace)).filter(({ workload }) => workload === "backend");
    const script = "require('fs').writeFileSync('/app/written', 'x')";
    const refused = await kubectl([
      "exec",
      "--namespace",
      namespace,
      pod?.name ?? "",
      "--",
      "sh",
      "-c",
      `id -u; node -e "${script}" 2>&1 || true`,
    ]);
    assert.match(refused, /^1000\n[\s\S]*EROFS/);
  });

  it("is not changed by a second up, nor by plain pulumi, and has no planned difference", async () => {
    assert.deepEqual(await rolledBy(namespace, () => workspace.up(...target)), []);
    const preview = await workspace.pulumi("preview", "--expect-no-changes", "--stack", "kubernetes");
    assert.equal(preview.code, 0, preview.output);
    assert.deepEqual(await workspace.plannedChanges(), []);
  });

  it("shows in the telemetry which pod it comes from, and no panel of the home page is without data", async () => {
    const open = await Open.start(workspace);
    try {
      const outputs = await workspace.outputs();
      const grafana = await workspace.grafana();
      const pods = (await podsOf(namespace)).filter(({ workload }) => workload === "backend");
      const [line] = await eventuallyLogs(grafana, '{service_name="integr8scode-backend"}');
      assert.ok(line);
      assert.equal(line.labels["k8s_pod_name"], pods[0]?.name);
      assert.equal(line.labels["service_instance_id"], pods[0]?.name);
      assert.equal(line.labels["k8s_deployment_name"], "backend");
      assert.equal(line.labels["k8s_namespace_name"], namespace);
      assert.match(line.labels["k8s_node_name"] ?? "", /./);
      const problems = await Promise.all(kubernetesQueries.map((query) => problemWith(query, grafana)));
      assert.deepEqual(
        problems.filter((problem) => problem !== undefined),
        [],
      );
      let empty: readonly string[] = [];
      await pWaitFor(
        async () => {
          empty = await emptyPanels(outputs);
          return empty.length === 0;
        },
        { interval: 2000, timeout: { milliseconds: 60_000, message: `without data: ${empty.join(", ")}` } },
      );
    } finally {
      assert.equal(await open.stop(), 0);
    }
  });

  it("has every alert rule, evaluated without an error, and its page, and sends no test of them as long as they reach nobody", async () => {
    const open = await Open.start(workspace);
    try {
      const { urls } = await workspace.outputs();
      assert.deepEqual(await ruleProblems(await workspace.grafana(), urls.grafana ?? ""), []);
    } finally {
      assert.equal(await open.stop(), 0);
    }
    const { code, output } = await workspace.npm("run", "alert:test", "--", ...target);
    assert.equal(code, 1);
    assert.match(output, /alerts\.contactPoints: must have a contact point, got an empty list; alerts reach nobody/);
  });

  it("has logs, traces and metrics of a service that knows nothing of telemetry, whose image is as it was built", async () => {
    const open = await Open.start(workspace);
    try {
      const name = "integr8scode-plain";
      const outputs = await workspace.outputs();
      const [line] = await eventuallyLogs(await workspace.grafana(), `{service_name="${name}"} |= "asked for /orders"`);
      assert.ok(line);
      assert.match(line.line, /"message":"asked for \/orders\?token=\[REDACTED\]"/);
      assert.equal(line.labels["k8s_deployment_name"], "plain");
      const traces = await tracesOf(outputs, name);
      assert.match(traces, /"key":"span.kind","type":"string","value":"server"/);
      assert.match(traces, new RegExp(`"traceID":"${line.labels["trace_id"] ?? "none"}"`));
      assert.match(await metricsOf(outputs, name), /"http_server_request_duration_seconds_count"/);
    } finally {
      assert.equal(await open.stop(), 0);
    }
  });

  it("hands a service a secret of another resource as a file, which its pod does not show", async () => {
    const { grafanaPassword } = await workspace.outputs();
    const inPod = ["--namespace", namespace, "deployment/plain", "--", "cat", secretOfService.path];
    assert.equal(await kubectl(["exec", ...inPod]), grafanaPassword);
    assert.ok(
      !(await kubectl(["get", "pods", "--namespace", namespace, "--output", "yaml"])).includes(grafanaPassword),
    );
  });

  it("rolls Loki, VictoriaMetrics and Jaeger and nothing else when the retention changes", async () => {
    await workspace.configure((config) => {
      config["retentionHours"] = 168;
    });
    assert.deepEqual(await rolledBy(namespace, () => workspace.up(...target)), ["jaeger", "loki", "victoria-metrics"]);
  });

  it("updates a dashboard that is changed in code in place, takes one away that is gone, and leaves what is made by hand", async () => {
    const before = await Open.start(workspace);
    const check = await changeDashboards(workspace, await workspace.grafana()).finally(() => before.stop());
    assert.deepEqual(await rolledBy(namespace, () => workspace.up(...target)), ["grafana"]);
    const after = await Open.start(workspace);
    await check(await workspace.grafana()).finally(() => after.stop());
  });

  it("tells by npm run why what is wrong with a pod that nothing arrives of", async () => {
    const image = (await podsOf(namespace)).find(({ workload }) => workload === "backend")?.image ?? "";
    const env = [
      { name: "OTEL_SERVICE_NAME", value: "lost" },
      { name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: "http://otel-collector:4318" },
      { name: "OTEL_EXPORTER_OTLP_PROTOCOL", value: "grpc" },
    ];
    const command = ["node", "--eval", "setInterval(() => undefined, 1000)"];
    await startPod({ namespace, name: "lost", image, command, container: { env } });
    const { code, stdout } = await workspace.npm("run", "--silent", "why", "--", "lost", ...target);
    await kubectl(["delete", "pod", "lost", "--namespace", namespace, "--now"]);
    assert.deepEqual(
      [code, ...stdout.split("\n", 2)],
      [
        1,
        'lost: OTEL_EXPORTER_OTLP_PROTOCOL=grpc to OTEL_EXPORTER_OTLP_ENDPOINT="http://otel-collector:4318": port 4318 speaks HTTP',
        "  next: start it with OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, or with OTEL_EXPORTER_OTLP_ENDPOINT=http://otel-collector:4317",
      ],
    );
    assert.match(stdout, /^ +process +pod lost, container \S+: running for \d+ s, Node\.js$/m);
    assert.match(
      stdout,
      /^ +tried +an empty export by gRPC from there to http:\/\/otel-collector:4318: failed at the protocol: /m,
    );
  });

  it("proves by npm run verify that a service's own telemetry arrives, and by why that its pod reaches the Collector", async () => {
    const { serviceNames } = await workspace.outputs();
    const name = serviceNames.find((each) => each.endsWith("-backend")) ?? "";
    const verified = await workspace.npm("run", "--silent", "verify", "--", "--service", name, ...target);
    assert.equal(verified.code, 0, verified.output);
    const { code, stdout } = await workspace.npm("run", "--silent", "why", "--", name, ...target);
    assert.deepEqual([code, stdout.split("\n", 1)], [0, [`${name}: everything arrives`]], stdout);
    assert.match(
      stdout,
      /^ +tried +an empty export by gRPC from there to http:\/\/otel-collector:4317: gRPC status 0$/m,
    );
  });

  it("loses nothing when pods are deleted under 60 records a second", async function () {
    this.timeout(300_000);
    const pods = await podsOf(namespace);
    const image = pods.find(({ workload }) => workload === "backend")?.image ?? "";
    const [logsPerSecond, spansPerSecond, seconds] = [50, 10, 70];
    const emitter = await PodEmitter.start(namespace, "numbered", image, "grpc", [
      logsPerSecond,
      spansPerSecond,
      seconds,
    ]);
    for (const workload of ["otel-collector", "loki", "jaeger", "saga-orchestrator"]) {
      await sleep(5000);
      const [pod] = (await podsOf(namespace)).filter((each) => each.workload === workload);
      await kubectl(["delete", "pod", "--namespace", namespace, pod?.name ?? "", "--wait"]);
    }
    await emitter.ended();
    const lines = await emitter.written();
    assert.deepEqual(lines, upTo(logsPerSecond * seconds));
    const open = await Open.start(workspace);
    try {
      const grafana = await workspace.grafana();
      const { jaeger = "" } = (await workspace.outputs()).urls;
      await pWaitFor(async () => (await storedLogs(grafana, "numbered")).length === lines.length, waiting).catch(
        () => undefined,
      );
      assert.deepEqual(await storedLogs(grafana, "numbered"), lines);
      await pWaitFor(
        async () => (await storedSpans(jaeger, "numbered")).length === spansPerSecond * seconds,
        waiting,
      ).catch(() => undefined);
      assert.deepEqual(await storedSpans(jaeger, "numbered"), upTo(spansPerSecond * seconds));
    } finally {
      await open.stop();
    }
    await kubectl(["delete", "pod,configmap", "--namespace", namespace, "numbered"]);
  });

  it("refuses no request in three rollouts of a service under load", async function () {
    this.timeout(300_000);
    const image = (await podsOf(namespace)).find(({ workload }) => workload === "backend")?.image ?? "";
    const load = await PodLoad.start(namespace, image, "http://backend:8080/healthz");
    for (let rollout = 0; rollout < 3; rollout += 1) {
      await kubectl(["rollout", "restart", "--namespace", namespace, "deployment/backend"]);
      await kubectl(["rollout", "status", "--namespace", namespace, "deployment/backend", "--timeout=90s"]);
      // The pod that was replaced is on its way out for some seconds more.
      await sleep(10_000);
    }
    const { sent, failed } = await load.stop();
    assert.deepEqual(failed, []);
    assert.ok(sent > 1000, `only ${sent} requests were sent`);
  });

  it("keeps namespace, volumes and credentials over a down, and finds data and login after the next up", async () => {
    const { grafanaPassword } = await workspace.outputs();
    const down = await workspace.npm("run", "down", "--", ...target);
    assert.equal(down.code, 0, down.output);
    assert.deepEqual(await objectsIn(namespace), [
      "persistentvolumeclaim/grafana-data",
      "persistentvolumeclaim/jaeger-data",
      "persistentvolumeclaim/loki-data",
      "persistentvolumeclaim/otel-collector-queue",
      "persistentvolumeclaim/victoria-metrics-data",
    ]);
    await workspace.up(...target);
    assert.equal((await workspace.outputs()).grafanaPassword, grafanaPassword);
    const open = await Open.start(workspace);
    try {
      const grafana = await workspace.grafana();
      assert.equal((await storedLogs(grafana, "numbered")).length, 3500);
      const { jaeger = "" } = (await workspace.outputs()).urls;
      assert.equal((await storedSpans(jaeger, "numbered")).length, 700);
    } finally {
      await open.stop();
    }
  });

  it("leaves nothing behind after down -- --destroy-data", async () => {
    const down = await workspace.npm("run", "down", "--", ...target, "--destroy-data", "--yes");
    assert.equal(down.code, 0, down.output);
    assert.equal(await kubectl(["get", "namespace", namespace, "--ignore-not-found"]), "");
    const selector = `app.kubernetes.io/instance=${namespace}`;
    const wide = ["get", "clusterrole,clusterrolebinding", "--selector", selector, "--output", "name"];
    assert.equal(await kubectl(wide), "");
    const volumes = await kubectl(["get", "persistentvolume", "--output", "json"]);
    const claimed = (JSON.parse(volumes) as { items: { spec: { claimRef?: { namespace: string } } }[] }).items;
    assert.deepEqual(
      claimed.filter(({ spec }) => spec.claimRef?.namespace === namespace),
      [],
    );
    const stacks = await workspace.pulumi("stack", "ls", "--json");
    assert.deepEqual(JSON.parse(stacks.stdout), []);
  });
});

const waiting = { interval: 1000, timeout: 60_000 };

/** Kinds of everything that a namespace of the stack may hold. */
const kinds = [
  ...["pods", "services", "configmaps", "secrets", "serviceaccounts", "persistentvolumeclaims", "statefulsets.apps"],
  ...["deployments.apps", "networkpolicies", "roles", "rolebindings", "ingresses"],
];

/** What is in a namespace, but for what Kubernetes itself puts into every one. */
async function objectsIn(namespace: string): Promise<readonly string[]> {
  const text = await kubectl(["get", kinds.join(","), "--namespace", namespace, "--output", "name"]);
  return text
    .split("\n")
    .filter((name) => !["", "configmap/kube-root-ca.crt", "serviceaccount/default"].includes(name))
    .sort();
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
