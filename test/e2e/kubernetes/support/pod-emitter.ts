import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";
import { otelEnv, type OtlpProtocol } from "../../../../config/otel-env.ts";
import { shownEnv } from "../../../support/workload-view.ts";
import { numbersIn } from "../../support/emitter.ts";
import { kubectl } from "./cluster.ts";

const fixture = join(import.meta.dirname, "..", "..", "fixtures", "numbered-emitter.ts");

/** A pod that writes numbered log lines and spans, with exactly the environment that a service is given. */
export class PodEmitter {
  readonly serviceName: string;
  private readonly namespace: string;

  private constructor(namespace: string, serviceName: string) {
    this.namespace = namespace;
    this.serviceName = serviceName;
  }

  /**
   * @param image one with Node.js in the cluster
   * @param pace log lines a second, spans a second, seconds
   */
  static async start(
    namespace: string,
    name: string,
    image: string,
    protocol: OtlpProtocol,
    pace: readonly number[],
  ): Promise<PodEmitter> {
    const emitter = new PodEmitter(namespace, name);
    const identity = {
      serviceName: name,
      serviceNamespace: "e2e",
      serviceVersion: "0.0.0",
      environment: "e2e",
      serviceInstanceId: name,
      place: {},
    };
    const metadata = { name, namespace, labels: { "observability/role": "service" } };
    const program = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "emitter.mjs": await bundled() } };
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata,
      spec: {
        restartPolicy: "Never",
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
        containers: [
          {
            name,
            image,
            imagePullPolicy: "IfNotPresent",
            command: ["node", "/emitter/emitter.mjs", ...pace.map(String)],
            env: Object.entries(shownEnv(otelEnv(identity, protocol))).map(([key, value]) => ({ name: key, value })),
            volumeMounts: [{ name: "program", mountPath: "/emitter", readOnly: true }],
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          },
        ],
        volumes: [{ name: "program", configMap: { name } }],
      },
    };
    await kubectl(
      ["create", "--filename", "-"],
      JSON.stringify({ apiVersion: "v1", kind: "List", items: [program, pod] }),
    );
    await kubectl(["wait", "--namespace", namespace, `pod/${name}`, "--for=condition=Ready", "--timeout=60s"]);
    return emitter;
  }

  /** Numbers of the lines it has written to stdout. */
  async written(): Promise<readonly number[]> {
    return numbersIn((await kubectl(["logs", "--namespace", this.namespace, this.serviceName])).split("\n"));
  }

  /** Waits until it has ended well. */
  async ended(): Promise<void> {
    const phase = "--for=jsonpath={.status.phase}=Succeeded";
    await kubectl(["wait", "--namespace", this.namespace, `pod/${this.serviceName}`, phase, "--timeout=180s"]);
  }
}

/** The fixture and all that it imports, small enough for a ConfigMap. */
async function bundled(): Promise<string> {
  const { resolve } = createRequire(import.meta.url);
  const { outputFiles } = await build({
    entryPoints: [fixture],
    bundle: true,
    minify: true,
    write: false,
    platform: "node",
    target: "node22",
    format: "esm",
    logLevel: "error",
    conditions: ["@observability/source", "module"],
    // As in services/bundle.ts.
    alias: { "@opentelemetry/otlp-grpc-exporter-base": resolve("@opentelemetry/otlp-grpc-exporter-base") },
    banner: {
      js: 'import { createRequire as bundleRequire } from "node:module"; const require = bundleRequire(import.meta.url);',
    },
  });
  return outputFiles[0]?.text ?? "";
}
