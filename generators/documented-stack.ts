import { resolve } from "node:path";
import { parse } from "yaml";
import { serviceWorkload } from "../components/instrumented-service.ts";
import type { KnownWorkload } from "../components/platform/workload.ts";
import { stackWorkloads } from "../components/stack-part.ts";
import { exampleServices } from "../config/example-services.ts";
import { programSettings } from "../config/program-settings.ts";
import type { AlertRule } from "../config/grafana/alerting/rule.ts";
import { ruleGroups, rulesOf } from "../config/grafana/alerting/rules.ts";
import { filledIn } from "../config/env-value.ts";
import { instanceName } from "../config/names.ts";
import type { AnyPart } from "../config/parts/part.ts";
import { partList } from "../config/parts/parts.ts";
import { memoryLimitsOf, noSurroundings, runningHostsOf } from "../config/parts/processes.ts";
import type { StackSettings } from "../config/settings-and-defaults.ts";

/** Every setting at its default, but for the namespace that the repository's own `Pulumi.dev.yaml` gives the example. */
export const documentedConfig = { "observability:serviceNamespace": "integr8scode" } as const;

/** Pulumi project and stack that the guide speaks about. */
export const documentedIdentity = { project: "observability", stack: "dev" } as const;

/** What the guide is written from: the settings, and what the program runs with them. */
export interface DocumentedStack {
  readonly settings: StackSettings;
  readonly backends: readonly KnownWorkload[];
  /** The example's HTTP API: an instrumented service with a port on the user's machine. */
  readonly service: KnownWorkload;
  /** How many containers of that kind there are, the load generator among them. */
  readonly serviceCount: number;
  /** The rules of Grafana's alerting, those as well that there are with other settings only. */
  readonly rules: readonly AlertRule[];
  /** Those that a stack with the defaults has. */
  readonly defaultRules: readonly AlertRule[];
}

/** The deployment that the guide describes. */
export function documentedStack(): DocumentedStack {
  const program = programSettings(documentedConfig, documentedIdentity);
  const services = exampleServices(program, resolve(import.meta.dirname, "..", "services"));
  const { name = "", ...args } = services[0] ?? {};
  const rulesWith = (runningHosts: readonly string[]): readonly AlertRule[] => {
    const { objectives } = program.stack;
    return rulesOf(ruleGroups({ objectives, memoryLimitsMib: memoryLimitsOf(program.stack), runningHosts }));
  };
  return {
    settings: program.stack,
    backends: stackWorkloads(program.stack, noSurroundings).filter(({ replicas }) => replicas > 0),
    service: serviceWorkload(name, args, { settings: program.stack }),
    serviceCount: services.length,
    rules: rulesWith(partList.map(({ host }) => host)),
    defaultRules: rulesWith(runningHostsOf(program.stack)),
  };
}

/** Something that the program generates and the guide quotes. */
export type GeneratedText =
  | { readonly format: "yaml"; readonly title: string; readonly value: unknown }
  | { readonly format: "flags" | "env"; readonly title: string; readonly value: Readonly<Record<string, string>> };

/** What the guide can quote, by the name that its markers use. */
export function generatedTexts({
  settings,
  backends,
  service,
}: DocumentedStack): Readonly<Record<string, GeneratedText>> {
  const configuration = (part: AnyPart): readonly [string, GeneratedText] => {
    const { args = [], env = {}, configFiles = [] } = backends.find(({ name }) => name === part.host) ?? {};
    if (part.configuredBy === "flags") {
      const title = `command line of ${settings.name}-${part.host}`;
      return [part.host, { format: "flags", title, value: Object.fromEntries(args.map(flag)) }];
    }
    if (part.configuredBy === "env") {
      const title = `environment of ${instanceName(settings.name, part.host, 1)}`;
      return [part.host, { format: "env", title, value: shown(env, "") }];
    }
    const [file] = configFiles;
    if (file === undefined) throw new Error(`${part.host}: must have a configuration file, found none`);
    return [part.host, { format: "yaml", title: file.path, value: parse(file.content) as unknown }];
  };
  const instance = instanceName(settings.name, service.name, 1);
  return {
    settings: { format: "yaml", title: "settings", value: settings },
    ...Object.fromEntries(partList.map(configuration)),
    service: {
      format: "env",
      title: `environment of ${instance}`,
      value: shown(service.env, instance),
    },
  };
}

/** Variables with the facts of an instance filled in: all of them are its name. */
function shown(env: KnownWorkload["env"], instance: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).map(([key, value]) => [key, filledIn(value, () => instance)]));
}

/** `-name=value` as a pair; a flag without a value is on. */
function flag(text: string): [string, string] {
  const equals = text.indexOf("=");
  return equals < 0 ? [text, "true"] : [text.slice(0, equals), text.slice(equals + 1)];
}
