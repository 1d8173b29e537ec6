import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { otelEnv, type OtlpProtocol } from "../../../../config/otel-env.ts";
import { programBundle } from "../../../../services/bundle.ts";
import { shownEnv } from "../../../support/workload-view.ts";
import { numbersIn } from "../../support/emitter.ts";
import { kubectl } from "./cluster.ts";
import { startPod, waitUntilEnded } from "./program-pod.ts";

const fixture = join(import.meta.dirname, "..", "..", "fixtures", "numbered-emitter.ts");

/** By Node.js, as an image may have no gunzip; then in place of the shell, so that signals reach the program. */
const unpackAndRun = [
  `node -e 'fs.writeFileSync("/tmp/emitter.mjs", zlib.gunzipSync(fs.readFileSync("/emitter/emitter.gz")))'`,
  'exec node /tmp/emitter.mjs "$0" "$@"',
].join(" && ");

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
      platformAttributes: {},
    };
    const configMap = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace },
      binaryData: { "emitter.gz": await packedEmitter() },
    };
    const env = Object.entries(shownEnv(otelEnv(identity, protocol))).map(([key, value]) => ({ name: key, value }));
    const pod = {
      ...{ namespace, name, image, command: ["sh", "-c", unpackAndRun, ...pace.map(String)] },
      container: { env, volumeMounts: [{ name: "program", mountPath: "/emitter", readOnly: true }] },
      volumes: [{ name: "program", configMap: { name } }],
    };
    await startPod(pod, [configMap]);
    return emitter;
  }

  /** Numbers of the lines it has written to stdout. */
  async written(): Promise<readonly number[]> {
    return numbersIn((await kubectl(["logs", "--namespace", this.namespace, this.serviceName])).split("\n"));
  }

  /** Waits until it has ended well. */
  async ended(): Promise<void> {
    await waitUntilEnded(this.namespace, this.serviceName, 180);
  }
}

/** What a ConfigMap may hold, in bytes. */
const maxConfigMapBytes = 1024 * 1024;

/**
 * The fixture and all that it imports, compressed and in base64 as `binaryData` has it.
 *
 * @throws Error if it is too large for a ConfigMap
 */
export async function packedEmitter(): Promise<string> {
  const { outputFiles } = await build({ ...programBundle, entryPoints: [fixture], minify: true, write: false });
  const packed = gzipSync(outputFiles[0]?.contents ?? "").toString("base64");
  if (packed.length > maxConfigMapBytes) {
    throw new Error(
      `numbered-emitter.ts: must be at most ${maxConfigMapBytes} bytes for a ConfigMap when it is packed, got ${packed.length}; esbuild's metafile says what has grown`,
    );
  }
  return packed;
}
