import type { Connect } from "./exchange.ts";
import type { Language } from "./sdks.ts";

/** A process that may be the service that somebody looks for, as the place where it runs tells of it. */
export interface ServiceProcess {
  /** As the place's own tools name it: `container shop-checkout`, `pod checkout-7c9d, container app`, `process 4711`. */
  readonly name: string;
  /** What else a user may call it: a container, a workload, a service of Compose, a folder. */
  readonly aliases: readonly string[];
  /** What it is doing, for the user to read: `running`, `restarting`, `exited with 1`. */
  readonly state: string;
  readonly isRunning: boolean;
  /** When its run began, in milliseconds since 1970; `undefined` if that is not known. */
  readonly startedMillis: number | undefined;
  /** Those variables of its environment that have to do with telemetry ({@link telemetryVariables}). */
  readonly env: Readonly<Record<string, string>>;
  /** Variables whose value is kept elsewhere, and where: `Secret shop-otel`. The name `*` is any number of them. */
  readonly hiddenEnv: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  /** Looks into the program that runs for its language, where {@link languageOf} does not know it. */
  readonly languageInside: () => Promise<Language | undefined>;
  /** Whether `localhost` is the process's own, and not the user's machine. */
  readonly hasOwnLocalhost: boolean;
  /** Why it cannot reach the Collector by its inner name; `undefined` if nothing is known to be in the way. */
  readonly apart: Apart | undefined;
  /** Addresses of the Collector that work from there, by protocol. */
  readonly collector: { readonly grpc: string; readonly http: string };
  /** What opens a connection from where it runs, or why that cannot be tried. */
  readonly connection: () => Promise<Connect | NotTried>;
  /** The last lines that it has written; the empty text if nobody keeps them. */
  readonly lastLines: () => Promise<string>;
}

/** Why no connection is tried from where a process runs, and how a user can. */
export interface NotTried {
  readonly notTried: string;
}

/** What keeps a process from the stack's network. */
export interface Apart {
  /** `breaks` unless it is not certain. */
  readonly weight?: "may";
  readonly cause: string;
  readonly next: string;
}

/**
 * Variables that say what an SDK does, and which runtime there is. Nothing else of an environment is kept: it may hold
 * anything.
 */
export function telemetryVariables(
  env: readonly (readonly [name: string, value: string])[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(env.filter(([name]) => name.startsWith("OTEL_") || others.has(name)));
}

/** A variable as the system writes it, `NAME=value`. */
export function pairOf(variable: string): readonly [name: string, value: string] {
  const end = variable.indexOf("=");
  return [variable.slice(0, end), variable.slice(end + 1)];
}

/** Beside OpenTelemetry's own: what loads an SDK, what the official images say of their runtime, and packages/telemetry's. */
const others: ReadonlySet<string> = new Set([
  ...["NODE_OPTIONS", "PYTHONPATH", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "TESTING"],
  ...["CORECLR_ENABLE_PROFILING", "DOTNET_STARTUP_HOOKS"],
  ...["NODE_VERSION", "PYTHON_VERSION", "JAVA_VERSION", "JAVA_HOME", "DOTNET_VERSION"],
]);

/** Programs by which a runtime is started. */
const programs: readonly (readonly [Language, RegExp])[] = [
  ["nodejs", /^(node|nodejs|npm|npx)$/],
  ["python", /^(python[\d.]*|opentelemetry-instrument|gunicorn|uvicorn|flask|celery)$/],
  ["java", /^java$/],
  ["dotnet", /^dotnet$/],
];

/** Variables that the official images of a runtime have. */
export const imageVariables: readonly (readonly [Language, readonly string[]])[] = [
  ["nodejs", ["NODE_VERSION"]],
  ["python", ["PYTHON_VERSION"]],
  ["java", ["JAVA_VERSION", "JAVA_HOME"]],
  ["dotnet", ["DOTNET_VERSION"]],
];

/** The runtime of a process, by its command line, or else by its image; `undefined` if neither tells. */
export function languageOf({ command, env }: Pick<ServiceProcess, "command" | "env">): Language | undefined {
  for (const argument of command) {
    const program = argument.slice(argument.lastIndexOf("/") + 1);
    const started = programs.find(([, name]) => name.test(program));
    if (started !== undefined) return started[0];
  }
  return imageVariables.find(([, names]) => names.some((name) => env[name] !== undefined))?.[0];
}

/** The name by which a process's telemetry is found, as its environment has it; `undefined` if that has none. */
export function serviceNameOf({ env }: Pick<ServiceProcess, "env">): string | undefined {
  const name = env["OTEL_SERVICE_NAME"]?.trim();
  if (name !== undefined && name !== "") return name;
  for (const pair of (env["OTEL_RESOURCE_ATTRIBUTES"] ?? "").split(",")) {
    const [key = "", value = ""] = pair.split("=", 2);
    if (key.trim() !== "service.name" || value.trim() === "") continue;
    try {
      return decodeURIComponent(value.trim());
    } catch {
      // No percent-encoding: an SDK reads no name either.
      return undefined;
    }
  }
  return undefined;
}
