import { stringify } from "yaml";
import { paths } from "./names.ts";
import { otelCollectorConfig, otelCollectorDocument, type OtelCollectorSettings } from "./otel-collector.ts";
import { isRecord, pathText } from "./parse.ts";
import { problem, type Problem } from "./problem.ts";
import { collectorReferences, secretFile, textsIn } from "./secret-references.ts";

/**
 * What a user adds to the Collector's configuration, in the Collector's own language. It becomes a second file that the
 * Collector merges with the first: groups are merged, so a name adds something. A list there would replace the one of
 * the same name, and with it the stack's own delivery; so the lists that both have are joined here.
 */
export type CollectorFragment = Readonly<Record<string, unknown>>;

/** The sections of a Collector's configuration. */
export const collectorSections = [
  "receivers",
  "processors",
  "exporters",
  "connectors",
  "extensions",
  "service",
] as const;

/** Sections whose generated entries are the way of the telemetry to its store: not to be changed in any part. */
const fixedSections: readonly string[] = ["processors", "exporters", "extensions"];

/** Processors that keep data in memory: a pipeline with one tells a client "accepted" before anything is on disk. */
const holdingProcessors: readonly string[] = ["batch", "groupbytrace", "interval", "tail_sampling"];

/** Only the names in it count, not the numbers; that of the enrichment is taken on every platform. */
const generated = otelCollectorDocument({
  memoryMib: 256,
  queueMib: 512,
  serviceNamespace: "apps",
  enrichment: { k8s_attributes: {} },
});

/**
 * What is wrong with a fragment as far as the stack's own configuration is concerned; the rest says the Collector.
 *
 * @param secretNames the secrets that there are; `undefined` if that is not known
 */
export function fragmentProblems(fragment: unknown, secretNames: readonly string[] | undefined): readonly Problem[] {
  if (!isRecord(fragment)) return [];
  return [
    ...redefined(fragment),
    ...Object.keys(fragment)
      .filter((section) => !fixedSections.includes(section))
      .flatMap((section) => replaced(fragment[section], generated[section], [section])),
    ...pipelineProblems(fragment),
    ...textsIn(fragment).flatMap(([path, text]) => referenceProblems(path, text, secretNames)),
  ];
}

function at(path: readonly string[]): string {
  return pathText(["otelCollector", "config", ...path]);
}

function redefined(fragment: CollectorFragment): readonly Problem[] {
  return fixedSections.flatMap((section) => {
    const [own, ours] = [fragment[section], generated[section]];
    if (!isRecord(own) || ours === undefined) return [];
    return Object.keys(own)
      .filter((name) => Object.hasOwn(ours, name))
      .map((name) =>
        problem(
          at([section, name]),
          "must not be one of the stack's own",
          own[name],
          `give yours another name, for example ${name.split("/")[0] ?? ""}/mine`,
        ),
      );
  });
}

/** Single values of the stack that would be others. How much the Collector says about itself is everybody's own choice. */
function replaced(own: unknown, ours: unknown, path: readonly string[]): readonly Problem[] {
  if (ours === undefined || path.join(".") === "service.telemetry.logs") return [];
  if (isRecord(own) && isRecord(ours)) {
    return Object.keys(own)
      .filter((key) => Object.hasOwn(ours, key))
      .flatMap((key) => replaced(own[key], ours[key], [...path, key]));
  }
  if (Array.isArray(own) && Array.isArray(ours)) return [];
  const kind = Array.isArray(ours) ? "be a list, which is added to the stack's own" : "stay as the stack has it";
  return [problem(at(path), `must ${kind}`, own, "leave it out, or add a pipeline or component of another name")];
}

function pipelineProblems({ service }: CollectorFragment): readonly Problem[] {
  const pipelines = isRecord(service) ? service["pipelines"] : undefined;
  if (!isRecord(pipelines)) return [];
  return Object.keys(ownPipelines).flatMap((name) => {
    const pipeline = pipelines[name];
    const processors = isRecord(pipeline) ? pipeline["processors"] : undefined;
    if (!Array.isArray(processors)) return [];
    return processors
      .filter((id) => holdingProcessors.includes(String(id).split("/")[0] ?? ""))
      .map((id: unknown) =>
        problem(
          at(["service", "pipelines", name, "processors"]),
          "must not keep in memory what a client takes for stored",
          id,
          `put it into a pipeline of your own, for example ${name}/mine`,
        ),
      );
  });
}

const ownPipelines: Readonly<Record<string, unknown>> =
  isRecord(generated["service"]) && isRecord(generated["service"]["pipelines"])
    ? generated["service"]["pipelines"]
    : {};

function referenceProblems(
  path: readonly string[],
  text: string,
  secretNames: readonly string[] | undefined,
): readonly Problem[] {
  return collectorReferences(text).flatMap(({ written, secret }) => {
    if (secret === undefined) {
      const change = `set a secret NAME and write \${file:${secretFile("NAME")}}, or \$$ for a dollar sign`;
      return [problem(at(path), "must refer to secrets only", written, change)];
    }
    if (secretNames === undefined || secretNames.includes(secret)) return [];
    return [problem(at(path), "must refer to a secret that there is", written, `set secrets.${secret}`)];
  });
}

/** Names of the secrets that a fragment refers to, sorted. */
export function fragmentSecrets(fragment: CollectorFragment): readonly string[] {
  const found = textsIn(fragment).flatMap(([, text]) => collectorReferences(text));
  return [...new Set(found.flatMap(({ secret }) => secret ?? []))].sort();
}

/**
 * The second configuration file. Lists that both have are the stack's with what the user adds behind. Names are sorted:
 * Pulumi's engine sorts them and a preview without it does not.
 */
export function fragmentConfig(fragment: CollectorFragment, settings: OtelCollectorSettings): string {
  return stringify(joined(fragment, otelCollectorDocument(settings)), {
    aliasDuplicateObjects: false,
    sortMapEntries: true,
  });
}

function joined(own: unknown, ours: unknown): unknown {
  if (Array.isArray(own) && Array.isArray(ours)) {
    const added = own.filter((entry) => !ours.includes(entry)) as unknown[];
    return [...(ours as unknown[]), ...added];
  }
  if (!isRecord(own) || !isRecord(ours)) return own;
  return Object.fromEntries(Object.entries(own).map(([key, value]) => [key, joined(value, ours[key])]));
}

/** A Collector's configuration files, in the order in which it merges them. */
export function collectorFiles(
  settings: OtelCollectorSettings,
  fragment: CollectorFragment | undefined,
): readonly { readonly path: string; readonly content: string }[] {
  const generatedFile = { path: paths.collectorConfig, content: otelCollectorConfig(settings) };
  if (fragment === undefined) return [generatedFile];
  return [generatedFile, { path: paths.collectorFragment, content: fragmentConfig(fragment, settings) }];
}

/** Arguments that name a Collector's configuration files, in the order in which it merges them. */
export function collectorConfigArgs(fragment: CollectorFragment | undefined): readonly string[] {
  const files = [paths.collectorConfig, ...(fragment === undefined ? [] : [paths.collectorFragment])];
  return files.flatMap((file) => ["--config", file]);
}
