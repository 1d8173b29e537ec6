import type { z } from "zod";
import { group, number, wholeNumber } from "./fields.ts";

/** How many there are in a second. */
function perSecond(example: number): z.ZodDefault<z.ZodNumber> {
  return number(0, 1_000_000, `set for example ${example}, or leave it out`).default(0);
}

/** What the services of a stack send together, as far as it decides what is needed. */
export const expectedSchema = group({
  services: wholeNumber({ least: 1, most: 10_000, unit: "services", change: "set for example 10" }).default(10),
  linesPerSecond: perSecond(500),
  lineBytes: wholeNumber({
    least: 1,
    most: 256 * 1024,
    unit: "bytes",
    because: "Loki cuts longer lines",
    change: "set for example 350",
  }).default(350),
  spansPerSecond: perSecond(200),
  activeSeries: wholeNumber({
    least: 0,
    most: 100_000_000,
    unit: "series",
    change: "set for example 10000, or leave it out",
  }).default(0),
  secondsBetweenPoints: wholeNumber({
    least: 1,
    most: 3600,
    unit: "seconds",
    change: "set the interval in which services export metrics, for example 5",
  }).default(5),
  diskGib: wholeNumber({
    least: 1,
    most: 1024 ** 2,
    unit: "GiB",
    change: "set how large the disk is that the stack has, or leave it out",
  }).optional(),
})
  .prefault({})
  .describe(
    "What the services send together; nothing is looked at while lines, spans and series are all 0. `npm run preview` says how much memory, processor and disk it takes, and what cannot fit is refused. `diskGib`: the disk that the stack has on Docker. See docs/capacity.md.",
  );

/** {@link expectedSchema} after validation. */
export type Expected = z.output<typeof expectedSchema>;

/** Whether the user says what comes. */
export function isExpected({ linesPerSecond, spansPerSecond, activeSeries }: Expected): boolean {
  return linesPerSecond + spansPerSecond + activeSeries > 0;
}
