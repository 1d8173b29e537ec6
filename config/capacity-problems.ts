import { amountsOf, coresOf, diskOf, memoryMibOf, mostMeasured, neededGib, volumeGib } from "./capacity.ts";
import { isExpected, type Expected } from "./expected-settings.ts";
import { isRecord } from "./parse.ts";
import { keptData, partEntries } from "./parts/parts.ts";
import { problem, problemIf, type Problem } from "./problem.ts";
import { stackSettingsSchema } from "./settings-and-defaults.ts";

const less = "or expect less";

/**
 * What limits of memory, disks and shares of processors cannot hold of what is expected. Each rule leaves out settings that are
 * wrong by themselves.
 */
export function capacityProblems(input: unknown): readonly Problem[] {
  if (!isRecord(input) || input["observability"] === false) return [];
  const { shape } = stackSettingsSchema;
  const expected = shape.expected.safeParse(input["expected"]).data;
  // Decides how many spans are stored, and how much of the disk is for queues.
  const collector = shape.otelCollector.safeParse(input["otelCollector"]).data;
  if (expected === undefined || !isExpected(expected) || collector === undefined) return [];
  const limits = shape.memoryMib.safeParse(input["memoryMib"]).data;
  const hours = shape.retentionHours.safeParse(input["retentionHours"]).data;
  const maxLogGib = shape.loki.safeParse(input["loki"] ?? {}).data?.maxDiskGib;
  const cluster = shape.kubernetes.safeParse(input["kubernetes"]).data;
  const amounts = amountsOf(expected, collector.tailSampling);
  const isCluster = input["target"] === "kubernetes";

  const memory = partEntries.flatMap(([name, { title }]) => {
    const [limit, needed] = [limits?.[name], memoryMibOf(name, amounts) ?? 0];
    if (limit === undefined) return [];
    const rule = `must hold what ${title} takes for what is expected, ${needed} MiB`;
    return problemIf(limit < needed, `memoryMib.${name}`, rule, limit, `set at least ${needed}, ${less}`);
  });

  const processors = partEntries.flatMap(([name, { host, title }]) => {
    const limit = isCluster ? cluster?.resources[host]?.cpuLimitMillicores : undefined;
    const needed = Math.ceil((coresOf(name, amounts) ?? 0) * 1000);
    if (limit === undefined) return [];
    const path = `kubernetes.resources.${host}.cpuLimitMillicores`;
    const rule = `must be what ${title} takes for what is expected, ${needed}`;
    return problemIf(limit < needed, path, rule, limit, `set at least ${needed}, leave it out, ${less}`);
  });

  const disk = (path: string, names: Parameters<typeof diskOf>[0], roomGib: number): readonly Problem[] => {
    if (hours === undefined) return [];
    const found = diskOf(names, amounts, hours / 24, collector.queueMib, roomGib, maxLogGib);
    const needed = neededGib(found);
    const shorter =
      found.daysThatFit === undefined || found.daysThatFit < 1 ? "" : `retentionHours to ${found.daysThatFit * 24}, `;
    const rule = `must hold what is expected in retentionHours (${hours}), with a tenth left free`;
    return problemIf(roomGib < needed, path, rule, roomGib, `set at least ${needed}, ${shorter}${less}`);
  };
  const volumes = keptData.flatMap(([name]) => {
    const size = isCluster && cluster !== undefined ? volumeGib(cluster.storageGib, name) : undefined;
    // The queues' volume has a rule of its own.
    return size === undefined || name === "otelCollector" ? [] : disk(`kubernetes.storageGib.${name}`, [name], size);
  });
  const { diskGib } = expected;
  const path = "expected.diskGib";
  const machine =
    diskGib === undefined
      ? []
      : isCluster
        ? [
            problem(
              path,
              "must be left out with the target kubernetes, where each volume has a size of its own",
              diskGib,
              "set kubernetes.storageGib",
            ),
          ]
        : disk(
            path,
            keptData.map(([name]) => name),
            diskGib,
          );

  return [...rateProblems(expected), ...memory, ...processors, ...volumes, ...machine];
}

/** Rates beyond what was measured: no limit of memory makes them known. */
function rateProblems(expected: Expected): readonly Problem[] {
  const { linesPerSecond, lineBytes, spansPerSecond, activeSeries, secondsBetweenPoints } = expected;
  const mostLines = Math.min(mostMeasured.lines, Math.floor((mostMeasured.lineMib * 1024 ** 2) / lineBytes));
  const mostSeries = mostMeasured.points * secondsBetweenPoints;
  const tooMany = (field: keyof Expected, what: string, value: number, most: number): readonly Problem[] =>
    problemIf(
      value > most,
      `expected.${field}`,
      `must be at most ${most}${what}, the most that was measured to be stored`,
      value,
      "expect less, or leave expected out and measure it",
    );
  return [
    ...tooMany("linesPerSecond", ` lines of ${lineBytes} bytes`, linesPerSecond, mostLines),
    ...tooMany("spansPerSecond", "", spansPerSecond, mostMeasured.spans),
    ...tooMany("activeSeries", ` with a point every ${secondsBetweenPoints} s`, activeSeries, mostSeries),
  ];
}
