/**
 * What each of some measures, all in turn in each round, and once beforehand, for what is compiled or cached then.
 *
 * @returns the values of the rounds, by name
 */
export async function inTurn(
  rounds: number,
  measured: Readonly<Record<string, () => Promise<number>>>,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const values = new Map<string, number[]>(Object.keys(measured).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, measure] of Object.entries(measured)) {
      const value = await measure();
      if (round > 0) values.get(name)?.push(value);
    }
  }
  return values;
}
