/**
 * The value that a share of the values does not exceed, between the two that are nearest to it.
 *
 * @param share from 0 to 1
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const [low = Number.NaN, high = low] = sorted.slice(below, below + 2);
  return at === below ? low : low + (high - low) * (at - below);
}

/** The middle value. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Median, minimum and maximum as text. */
export function spread(values: readonly number[]): string {
  return `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`;
}

/** How much the second number of each pair grows with the first: the straight line of least squares. Of one point alone, 0. */
export function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (of: readonly number[]): number => of.reduce((sum, value) => sum + value, 0) / of.length;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  const spreadOfX = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return spreadOfX === 0 ? 0 : points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spreadOfX;
}
