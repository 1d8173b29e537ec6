// @ts-check
import { randomBytes } from "node:crypto";
import { report } from "./report.mjs";
import { send as sendBeat, signalsOf } from "./stores.mjs";
import { Troubles } from "./troubles.mjs";

/*
 * Once a minute a log record, a span and a point of a metric go the way that the telemetry of services goes, and are looked
 * for in the stores. How old the newest is that was found says more of a signal than any counter on its way.
 */

/** How often the canary looks and reports, in milliseconds. */
export const roundMillis = 15_000;

/** How long between two beats of a signal, in milliseconds. */
export const beatMillis = 60_000;

/** How long a beat may be missing after a later one was found, in milliseconds. Then it is lost. */
export const lostAfterMillis = 5 * 60_000;

/** How many beats of a signal are remembered until they are found: those of two hours. Older ones are forgotten, and not counted. */
export const mostPending = 120;

/** How many of them are looked for in one round: half of these are the newest, half the oldest. */
const mostAsked = 20;

/** How long the Collector or a store may take to answer, in milliseconds: for each signal less than a round in all. */
const patienceMillis = 5_000;

/** @typedef {import("./stores.mjs").Beat & { readonly overtakenAt?: number }} Pending */

/** One signal: what was sent of it, and what was found. */
class SignalState {
  /**
   * Beats that the Collector has taken and that were not found yet, the oldest first.
   * @type {readonly Pending[]}
   */
  pending = [];
  /** When the next beat is due, in milliseconds since 1970. */
  dueAt = 0;
  /** Whether the Collector has ever taken one. */
  isTaken = false;
  lost = 0;
  refused = 0;

  /**
   * @param {import("./stores.mjs").Signal} signal
   * @param {number} nowMillis when the canary started: of anything older it knows nothing
   */
  constructor(signal, nowMillis) {
    this.signal = signal;
    /** When the newest beat was sent that was found. */
    this.newest = nowMillis;
  }

  /** The beats to look for. */
  asked() {
    const half = mostAsked / 2;
    return this.pending.filter((_, index) => index < half || index >= this.pending.length - half);
  }

  /**
   * Takes note of which beats were found. One that is missing is not lost while it may only be late: a store that was away
   * gets everything from the Collector's queue, more or less in order. So its time runs from when a later one was found.
   * @param {readonly Pending[]} asked
   * @param {ReadonlySet<number>} found
   * @param {number} nowMillis
   */
  note(asked, found, nowMillis) {
    this.newest = Math.max(this.newest, ...asked.map(({ number }) => number).filter((number) => found.has(number)));
    /** @type {(beat: Pending) => readonly Pending[]} */
    const judged = (beat) => {
      if (found.has(beat.number)) return [];
      if (!asked.includes(beat) || beat.number >= this.newest) return [beat];
      const { overtakenAt = nowMillis } = beat;
      if (nowMillis - overtakenAt < lostAfterMillis) return [{ ...beat, overtakenAt }];
      this.lost += 1;
      return [];
    };
    this.pending = this.pending.flatMap(judged);
  }
}

/** Sends beats, looks for them, and reports what was found. What does not answer is asked again in the next round. */
export class Canary {
  /**
   * @param {import("./stores.mjs").Addresses} addresses
   * @param {(line: string) => void} write takes a line for each trouble, when it begins and when it is over
   * @param {() => number} now milliseconds since 1970
   */
  constructor(addresses, write, now = Date.now) {
    this.addresses = addresses;
    this.troubles = new Troubles(write);
    this.now = now;
    this.states = signalsOf(addresses).map((signal) => new SignalState(signal, now()));
  }

  /** Does everything that is due, for each signal without regard to the others. Never fails. */
  async round() {
    await Promise.all(
      this.states.map(async (state) => {
        await this.look(state);
        await this.beat(state);
      }),
    );
    await this.troubles.attempt("report", () => report(this.addresses.metrics, "canary", this.numbers(), patience()));
  }

  /** What is reported, as it is now. */
  numbers() {
    return this.states.flatMap(({ signal: { name: signal }, newest, lost, refused }) => [
      { name: "canary_age_seconds", signal, value: Math.max(0, this.now() - newest) / 1000 },
      { name: "canary_lost_total", signal, value: lost },
      { name: "canary_refused_total", signal, value: refused },
    ]);
  }

  /** @param {SignalState} state */
  async look(state) {
    const asked = state.asked();
    if (asked.length === 0) return;
    await this.troubles.attempt(`find ${state.signal.name}`, async () => {
      state.note(asked, await state.signal.find(asked, patience()), this.now());
    });
  }

  /** @param {SignalState} state */
  async beat(state) {
    const number = this.now();
    // A timer may be a little early.
    if (number < state.dueAt - roundMillis / 2) return;
    state.dueAt = number + beatMillis;
    const beat = { number, traceId: randomBytes(16).toString("hex") };
    const send = () => sendBeat(this.addresses, state.signal, beat, patience());
    if (await this.troubles.attempt(`send ${state.signal.name}`, send)) {
      state.pending = [...state.pending, beat].slice(-mostPending);
      state.isTaken = true;
    } else if (state.isTaken) {
      state.refused += 1;
    } else {
      // The Collector is still starting, as the canary is: the next round tries again, and the age tells if it never does.
      state.dueAt = number;
    }
  }
}

function patience() {
  return AbortSignal.timeout(patienceMillis);
}
