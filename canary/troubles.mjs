// @ts-check

/** What does not work at the moment: each trouble is said when it begins and when it is over, and never ends the process. */
export class Troubles {
  /** @type {Set<string>} */
  known = new Set();

  /** @param {(line: string) => void} write */
  constructor(write) {
    this.write = write;
  }

  /**
   * @param {string} what
   * @param {() => Promise<void>} act
   * @returns {Promise<boolean>} whether it has worked
   */
  async attempt(what, act) {
    try {
      await act();
      if (this.known.delete(what)) this.write(`${what}: works again`);
      return true;
    } catch (error) {
      if (!this.known.has(what)) this.write(`${what}: does not work: ${reasonOf(error)}`);
      this.known.add(what);
      return false;
    }
  }
}

/**
 * `fetch` says "fetch failed", and why in the cause.
 * @param {unknown} error
 */
function reasonOf(error) {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
