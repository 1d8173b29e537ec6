import type { AnyPart, PartData } from "../../config/parts/part.ts";
import { partRuns } from "../../config/parts/processes.ts";
import type { StackSettingsInput } from "../../config/settings-and-defaults.ts";
import { settings } from "./settings.ts";
import { partEntries, stackPortList, type PartName, type StackPort } from "../../config/parts/parts.ts";

/*
 * The tests expect something exact of the five parts below, by their names. Of any other part they expect what follows
 * from its description, by the rules in this file and in the tests; test/sixth-part/ runs all of them with such a part.
 */

const known: readonly string[] = ["loki", "victoriaMetrics", "jaeger", "otelCollector", "grafana"];

/** The parts that the tests know by name. */
export const knownParts: readonly AnyPart[] = partEntries.flatMap(([name, part]) =>
  known.includes(name) ? [part] : [],
);

/** Every other part, with its name in the settings. */
export const allFurtherParts: readonly (readonly [PartName, AnyPart])[] = partEntries.filter(
  ([name]) => !known.includes(name),
);

/** Those of them that the default settings have run. */
export const furtherParts = allFurtherParts.filter(([name]) => partRuns(name, settings()));

/** Settings that have every part run. */
export const everyPart: StackSettingsInput = { loki: { maxDiskGib: 5 } };

/** Host names of the other parts. */
export const furtherHosts: readonly string[] = furtherParts.map(([, { host }]) => host);

/** Published ports of the other parts. */
export const furtherPorts: readonly StackPort[] = stackPortList.filter(({ host }) => furtherHosts.includes(host));

/** Memory limits of the other parts together, in MiB, as they are by default. */
export const furtherMemoryMib = furtherParts.reduce((sum, [, { memoryMib }]) => sum + memoryMib.default, 0);

/** Something for each of the other parts, by its name in the settings. */
export function ofFurtherParts<Value>(make: (part: AnyPart) => Value): Readonly<Record<string, Value>> {
  return Object.fromEntries(allFurtherParts.map(([name, part]) => [name, make(part)]));
}

/** Something for each port of the other parts, by its name in the settings. */
export function ofFurtherPorts<Value>(make: (port: StackPort) => Value): Readonly<Record<string, Value>> {
  return Object.fromEntries(furtherPorts.map((port) => [port.setting, make(port)]));
}

/** Addresses of the other parts on this machine by default, by their names in the outputs. */
export const furtherUrls = ofFurtherPorts(({ port }) => `http://127.0.0.1:${port}`);

/** What the other parts keep, each with its part. */
export const furtherKept: readonly { readonly name: PartName; readonly host: string; readonly data: PartData }[] =
  furtherParts.flatMap(([name, { host, data }]) => (data === "none" ? [] : [{ name, host, data }]));

/** Names of the other parts' data as resources of a stack. */
export function furtherData(stackName: string): readonly string[] {
  return furtherKept.map(({ data }) => `${stackName}-${data.volume.replaceAll("_", "-")}`);
}

/** Names of the other parts' secrets as resources of a stack; of those alone that are kept, or of those that are not. */
export function furtherSecrets(stackName: string, isKept: boolean): readonly string[] {
  return furtherParts.flatMap(([, { host, generatedSecrets }]) =>
    Object.entries(generatedSecrets).flatMap(([name, secret]) =>
      secret.isKept === isKept ? [`${stackName}-${host}-${name}`] : [],
    ),
  );
}

/** Names of everything that a stack on Docker has of the other parts, but for their images; sorted. */
export function furtherResources(stackName: string): readonly string[] {
  const names = allFurtherParts.flatMap(([name, { host, readiness }]) => {
    const component = `${stackName}-${host}`;
    if (!partRuns(name, settings())) return [component];
    return [component, component, ...(readiness.gates ? [`${component}-ready`] : [])];
  });
  const data = furtherData(stackName).flatMap((name) => [name, `${name}-owner`]);
  return [...names, ...data, ...furtherSecrets(stackName, true), ...furtherSecrets(stackName, false)].sort();
}
