// @ts-check
import { createServer } from "node:http";
import { setTimeout } from "node:timers/promises";

/*
 * The process around a script that does the same again and again. It has nothing to save, so it ends at once when it is told to.
 */

/** @param {string} name of a variable of the environment that has to be there */
export function variable(name) {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name}: must be set, got none`);
  return value;
}

/** @param {string} line for whoever reads the container's log */
export function say(line) {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
}

/**
 * Does a round and the next one, without an end, and answers on HEALTH_PORT what there is to report.
 * @param {() => Promise<void>} round @param {number} apartMillis between two of them @param {() => unknown} numbers
 */
export async function repeat(round, apartMillis, numbers) {
  for (const signal of /** @type {const} */ (["SIGTERM", "SIGINT"])) process.once(signal, () => process.exit(0));
  createServer((request, response) => {
    request.resume();
    response.setHeader("content-type", "application/json").end(JSON.stringify(numbers()));
  }).listen(Number(variable("HEALTH_PORT")));
  for (;;) {
    await round();
    await setTimeout(apartMillis);
  }
}
