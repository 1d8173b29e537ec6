// @ts-check
import { report } from "../canary/report.mjs";
import { Troubles } from "../canary/troubles.mjs";
import { hoursIn, overriding } from "./overrides.mjs";
import { retentionFor } from "./retention.mjs";
import { bytesByDay } from "./stores.mjs";

/*
 * Once a minute it is asked how many bytes of logs were written on each day, and Loki is told to keep as many days as fit.
 */

/** How often the guard looks and reports, in milliseconds. */
export const lookMillis = 60_000;

/** How long what is asked may take to answer, in milliseconds. */
const patienceMillis = 10_000;

/**
 * Base address of the store of metrics, without a slash at the end, and the file that Loki reads.
 * @typedef {object} Surroundings
 * @property {string} metrics
 * @property {import("./overrides.mjs").Place} overrides
 */

/** @typedef {{ readonly limitBytes: number, readonly configuredHours: number }} Limits */

/** Keeps fewer days of logs rather than let them exceed a size. What it cannot ask for, it does not guess: then all stays. */
export class DiskGuard {
  /**
   * What is reported; nothing while it is not known.
   * @type {readonly { readonly name: string, readonly value: number }[]}
   */
  numbers = [];
  isDayTooLarge = false;

  /**
   * @param {Surroundings} surroundings @param {Limits} limits
   * @param {(line: string) => void} write takes a line for each change and each trouble
   * @param {() => number} now milliseconds since 1970
   */
  constructor(surroundings, limits, write, now = Date.now) {
    this.surroundings = surroundings;
    this.limits = limits;
    this.write = write;
    this.now = now;
    this.troubles = new Troubles(write);
  }

  /** Looks, decides and reports. Never fails. */
  async look() {
    this.numbers = [];
    await this.troubles.attempt("look after the disk", () => this.decide());
    if (this.numbers.length === 0) return;
    await this.troubles.attempt("report", () =>
      report(this.surroundings.metrics, "disk-guard", this.numbers, patience()),
    );
  }

  async decide() {
    const { metrics, overrides } = this.surroundings;
    const { limitBytes, configuredHours } = this.limits;
    const setHours = hoursIn(await overrides.read(), configuredHours);
    const known = await bytesByDay(metrics, configuredHours, this.now(), patience());
    const hours = known === undefined ? setHours : retentionFor({ bytesByDay: known, ...this.limits, setHours });
    const kept = (known ?? []).slice(0, Math.ceil(setHours / 24));
    if (hours !== setHours) {
      await overrides.write(overriding(hours, configuredHours));
      this.write(`logs are kept for ${hours} h instead of ${setHours} h: ${sizes(sum(kept), limitBytes)}`);
    }
    const [newest = 0] = kept;
    if (newest > limitBytes && !this.isDayTooLarge) {
      this.write(`one day of logs is more than the limit, and a day is always kept: ${sizes(newest, limitBytes)}`);
    }
    this.isDayTooLarge = newest > limitBytes;
    this.numbers = [
      { name: "disk_guard_logs_bytes", value: Math.round(sum(kept)) },
      { name: "disk_guard_newest_day_bytes", value: Math.round(newest) },
      { name: "disk_guard_limit_bytes", value: limitBytes },
      { name: "disk_guard_retention_hours", value: hours },
      { name: "disk_guard_configured_hours", value: configuredHours },
    ];
  }
}

/** @param {readonly number[]} days */
function sum(days) {
  return days.reduce((all, bytes) => all + bytes, 0);
}

/** @param {number} bytes @param {number} limitBytes */
function sizes(bytes, limitBytes) {
  /** @type {(value: number) => string} */
  const gib = (value) => (value / 1024 ** 3).toFixed(2);
  return `${gib(bytes)} GiB of ${gib(limitBytes)}`;
}

/** How long something that is asked may take. */
export function patience() {
  return AbortSignal.timeout(patienceMillis);
}
