import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import {
  ApiException,
  CoreV1Api,
  createConfiguration,
  KubeConfig,
  KubernetesObjectApi,
  ServerConfiguration,
  VersionApi,
  type Configuration,
} from "@kubernetes/client-node";
import { z } from "zod";
import type { KubernetesSettings } from "../../config/kubernetes-settings.ts";
import { objectLabels, partOfName } from "../../config/names.ts";
import { projectFolder } from "../project.ts";
import { whyNotReached } from "../errors.ts";
import { oneLine } from "../text.ts";
import { UserError } from "../user-error.ts";

/** How long the API server may take for one answer before it counts as not answering, in milliseconds. */
const patienceMillis = 5_000;

/** As much of a stack's settings as says which cluster it runs in, and which objects there are its own. */
export interface ClusterSettings {
  /** Value of the label that the stack's objects carry: the setting `observability:name`. */
  readonly name: string;
  readonly kubernetes: Pick<KubernetesSettings, "context" | "kubeconfig" | "namespace">;
}

/** The cluster and the namespace that a stack runs in. */
export class Cluster {
  /** Name of the context in the kubeconfig. */
  readonly context: string;
  readonly namespace: string;
  /** For what the library opens by itself: port-forwards, commands in pods. */
  readonly config: KubeConfig;
  readonly core: CoreV1Api;
  /** For objects of any kind. */
  readonly objects: KubernetesObjectApi;
  private readonly name: string;
  private readonly server: string;
  private readonly configuration: Configuration;

  private constructor({ name, kubernetes }: ClusterSettings, config: KubeConfig, server: string) {
    this.context = kubernetes.context;
    this.namespace = kubernetes.namespace;
    this.config = config;
    this.name = name;
    this.server = server;
    this.configuration = withinPatience(config, server);
    this.core = this.api(CoreV1Api);
    this.objects = this.api(KubernetesObjectApi);
  }

  /** Reads the kubeconfig; asks the cluster nothing. @throws UserError if there is none, or it has no such context. */
  static of(settings: ClusterSettings, env: NodeJS.ProcessEnv = process.env): Cluster {
    const { context, kubeconfig } = settings.kubernetes;
    const { config, where } = readConfig(kubeconfig, env);
    const names = config.getContexts().map(({ name }) => name);
    if (!names.includes(context)) {
      const there = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
      throw new UserError(
        "OBS1301",
        `kubernetes.context: must be a context of ${where} (${there}), got ${context}\n` +
          `  next: npm run up -- --target kubernetes --context ${names[0] ?? "NAME"}, or another kubeconfig by KUBECONFIG or --kubeconfig`,
      );
    }
    config.setCurrentContext(context);
    const server = config.getCurrentCluster()?.server;
    if (server === undefined || config.getCurrentUser() === null) {
      throw new UserError(
        "OBS1301",
        `kubernetes.context: must be a context whose cluster and user are in ${where}, got ${context}, which lacks one of them\n` +
          "  next: put them into the kubeconfig, then npm run up",
      );
    }
    return new Cluster(settings, config, server);
  }

  /** A group of the API: `api(AppsV1Api)`. */
  api<Api>(group: new (configuration: Configuration) => Api): Api {
    return new group(this.configuration);
  }

  /** The stack's objects in its namespace, or only those of one of its workloads. */
  selection(workload?: string): { readonly namespace: string; readonly labelSelector: string } {
    const { stack, partOf, workload: ofWorkload } = objectLabels;
    const labels = [`${stack}=${this.name}`, `${partOf}=${partOfName}`];
    if (workload !== undefined) labels.push(`${ofWorkload}=${workload}`);
    return { namespace: this.namespace, labelSelector: labels.join(",") };
  }

  /** Version of the API server. Asked first: its errors say what is wrong with the cluster. */
  async version(): Promise<string> {
    const { gitVersion } = await this.ask(this.api(VersionApi).getCode());
    return gitVersion.replace(/^v/, "");
  }

  /**
   * Waits for an answer of the API server.
   *
   * @throws UserError if it cannot be reached, does not answer, or refuses the user.
   * @throws ApiRefused for everything else that it refuses.
   */
  async ask<Answer>(answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer;
    } catch (error) {
      throw this.problem(error);
    }
  }

  /** Waits for an answer about something that may not be there: then it is `undefined`. */
  async find<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
    try {
      return await this.ask(answer);
    } catch (error) {
      if (error instanceof ApiRefused && error.status === 404) return undefined;
      throw error;
    }
  }

  private problem(error: unknown): unknown {
    const { context, server } = this;
    if (error instanceof ApiException) {
      const message = statusMessage(error.body);
      if (error.code === 403) return new Forbidden(context, message);
      if (error.code !== 401) return new ApiRefused(error.code, message);
      return new UserError(
        "OBS1302",
        `kubernetes: the API server must accept the credentials of the context ${context}, got 401 ${message}\n` +
          "  next: log in to the cluster again, then npm run up",
        { cause: error },
      );
    }
    if (!(error instanceof Error)) return error;
    if (error.name === "TimeoutError" || error.name === "AbortError") {
      return new UserError(
        "OBS1303",
        `kubernetes: the API server ${server} (context ${context}) must answer within ${patienceMillis / 1000} s, got nothing\n` +
          "  next: see whether the cluster runs and this machine reaches it, then npm run up",
        { cause: error },
      );
    }
    return new UserError(
      "OBS1303",
      `kubernetes: the API server ${server} (context ${context}) must be reachable, got: ${oneLine(whyNotReached(error))}\n` +
        "  next: start the cluster, or name another context: npm run up -- --target kubernetes --context NAME",
      { cause: error },
    );
  }
}

/** A request that the user may not make. */
export class Forbidden extends UserError {
  constructor(context: string, message: string) {
    super(
      "OBS1304",
      `kubernetes: the user of the context ${context} must be allowed what the stack needs, got: ${message}\n` +
        "  next: have the permission granted, or use another context, then npm run up",
    );
  }
}

/** A request that the API server has refused. */
export class ApiRefused extends UserError {
  readonly status: number;

  constructor(status: number, message: string) {
    super(
      "OBS1314",
      `the API server answered ${status}: ${message}\n  next: see what is wrong with the cluster, then npm run up`,
    );
    this.status = status;
  }
}

function readConfig(
  kubeconfig: string | undefined,
  env: NodeJS.ProcessEnv,
): { readonly config: KubeConfig; readonly where: string } {
  const config = new KubeConfig();
  const { KUBECONFIG: listed = "" } = env;
  const standard = listed === "" ? [join(env["HOME"] ?? homedir(), ".kube", "config")] : listed.split(":");
  const files = kubeconfig === undefined ? standard : [resolve(projectFolder, kubeconfig)];
  // As kubectl does it: of several files some may be missing.
  const found = files.filter((file) => file !== "" && existsSync(file));
  const setting = kubeconfig === undefined ? "kubeconfig" : "kubernetes.kubeconfig";
  if (found.length === 0) {
    throw new UserError(
      "OBS1301",
      `${setting}: must be a file that can be read, found none at ${files.join(", ")}\n` +
        "  next: name one by KUBECONFIG, or by npm run up -- --target kubernetes --kubeconfig FILE",
    );
  }
  for (const file of found) {
    try {
      const next = new KubeConfig();
      next.loadFromFile(file);
      config.mergeConfig(next);
    } catch (error) {
      throw new UserError(
        "OBS1301",
        `${setting}: must be a kubeconfig that can be read, got ${file}: ${oneLine(String(error))}\n` +
          "  next: correct it, or name another by KUBECONFIG or --kubeconfig",
        { cause: error },
      );
    }
  }
  return { config, where: found.join(", ") };
}

/** The configuration that the library's own `makeApiClient` makes, with a limit to the time of an answer. */
function withinPatience(config: KubeConfig, server: string): Configuration {
  return createConfiguration({
    baseServer: new ServerConfiguration(server, {}),
    authMethods: { default: config },
    promiseMiddleware: [
      {
        pre: (context) => {
          context.setSignal(AbortSignal.timeout(patienceMillis));
          return Promise.resolve(context);
        },
        post: (context) => Promise.resolve(context),
      },
    ],
  });
}

const statusSchema = z.looseObject({ message: z.string().optional(), reason: z.string().optional() });

/** The message of an answer that is an error: a status object of Kubernetes, parsed or as JSON, or any text. */
function statusMessage(body: unknown): string {
  const json = typeof body === "string" && body.startsWith("{") ? (JSON.parse(body) as unknown) : body;
  const { data: status } = statusSchema.safeParse(json);
  return oneLine(status?.message ?? status?.reason ?? String(body));
}
