// @ts-check
/*
 * How many days of logs fit on the disk. Pure: numbers in, hours out.
 */

/** Share of the limit that logs may take. The rest is for what comes until the compactor has deleted what is too much. */
export const mostShare = 0.8;

/** Share that they may take with a day more than now: with the same, the retention would go up and down. */
export const againShare = 0.7;

/**
 * What is known when it is decided.
 * @typedef {object} Known
 * @property {readonly number[]} bytesByDay What was written, deleted since or not: in the last 24 hours, in those before, and so on, as far as the configured retention goes.
 * @property {number} limitBytes
 * @property {number} configuredHours
 * @property {number} setHours The retention that is in force.
 */

/**
 * Hours for which logs are kept: whole days, one at least, or what is configured where that fits.
 * @param {Known} known
 */
export function retentionFor({ bytesByDay, limitBytes, configuredHours, setHours }) {
  const most = bytesByDay.length;
  const set = Math.min(most, Math.ceil(setHours / 24));
  /** @type {(days: number, share: number) => boolean} */
  const fits = (days, share) => bytesByDay.slice(0, days).reduce((sum, bytes) => sum + bytes, 0) <= limitBytes * share;
  let days = set;
  while (days > 1 && !fits(days, mostShare)) days -= 1;
  if (days === set) while (days < most && fits(days + 1, againShare)) days += 1;
  return Math.min(days * 24, configuredHours);
}
