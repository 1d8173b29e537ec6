/** A line of a chart. */
export interface Series {
  readonly name: string;
  /** At equal distances. */
  readonly values: readonly number[];
}

/** What a chart says beside its lines. */
export interface Axes {
  /** What is across: its name, and its last value; the first is 0. */
  readonly across: readonly [name: string, last: number];
  readonly up: string;
}

/** More would be drawn as a blur. */
const mostPoints = 40;

/**
 * Lines over the same time as a chart of Mermaid, which GitHub draws. It has no legend, so the title names the lines, from the one that
 * ends highest down (mermaid.js.org/syntax/xyChart.html).
 */
export function lineChart(title: string, { across, up }: Axes, series: readonly Series[]): string {
  const last = ({ values }: Series): number => values.at(-1) ?? 0;
  const ordered = [...series].sort((a, b) => last(b) - last(a));
  const most = Math.max(1, ...series.flatMap(({ values }) => values));
  return [
    "```mermaid",
    "xychart-beta",
    `  title "${title}: ${ordered.map(({ name }) => name).join(", ")}"`,
    `  x-axis "${across[0]}" 0 --> ${Number(across[1].toFixed(1))}`,
    `  y-axis "${up}" 0 --> ${Math.ceil(most)}`,
    ...ordered.map(({ values }) => `  line [${thinned(values).map(Math.round).join(", ")}]`),
    "```",
    "",
  ].join("\n");
}

/** No more than a chart can show, the first and the last among them. */
function thinned(values: readonly number[]): readonly number[] {
  if (values.length <= mostPoints) return values;
  return Array.from(
    { length: mostPoints },
    (_, index) => values[Math.round((index * (values.length - 1)) / (mostPoints - 1))] ?? 0,
  );
}
