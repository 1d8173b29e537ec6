/** How a rate is looked for. */
export interface Search {
  /** The rate that is tried first. */
  readonly first: number;
  /** How much the lowest that fails is above the highest that passes at the end, at most: 0.1 for a tenth. */
  readonly precision: number;
}

/**
 * The highest whole rate that passes: doubled, or halved, until one passes and one fails, and then the middle of the two, by
 * their ratio.
 *
 * @returns 0 if none passes
 */
export async function highestRate(
  passes: (rate: number) => Promise<boolean>,
  { first, precision }: Search,
): Promise<number> {
  let [passed, failed] = [0, Number.POSITIVE_INFINITY];
  for (let rate = first; rate > passed && rate < failed;) {
    if (await passes(rate)) passed = rate;
    else failed = rate;
    if (failed === Number.POSITIVE_INFINITY) rate = passed * 2;
    else if (passed === 0) rate = Math.floor(failed / 2);
    else if (failed / passed <= 1 + precision) break;
    else rate = Math.round(Math.sqrt(passed * failed));
  }
  return passed;
}
