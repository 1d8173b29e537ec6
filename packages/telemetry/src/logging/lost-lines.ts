import { metrics } from "@opentelemetry/api";

/** Why a line did not get to where lines go: nobody reads there, it is closed, or the line could not be made. */
export type LineLoss = "destination_full" | "destination_closed" | "not_writable";

/** Counts the lines that could not be written. */
export interface LostLines {
  readonly count: (reason: LineLoss) => void;
  /** How many were lost, by reason. */
  readonly total: () => Readonly<Partial<Record<LineLoss, number>>>;
}

/** What stands in place of a line that could not be made. */
export const unwritable = "a log call whose arguments could not be read";

const explanations: Readonly<Record<LineLoss, string>> = {
  destination_full: "nobody reads the log's destination; lines that do not fit into memory are dropped and counted",
  destination_closed: "the log's destination is closed; lines are dropped there and counted",
  not_writable: "a line could not be written as it is; a short one stands in its place",
};

/**
 * Makes a counter. The metric `telemetry.logger.lost` has the number by `error.type`; the first loss of each kind is
 * reported as well.
 */
export function lostLines(report: (message: string) => void): LostLines {
  const total: Partial<Record<LineLoss, number>> = {};
  return {
    count: (reason) => {
      if (total[reason] === undefined) report(explanations[reason]);
      total[reason] = (total[reason] ?? 0) + 1;
      metrics
        .getMeter("@observability/telemetry")
        .createCounter("telemetry.logger.lost", {
          unit: "{line}",
          description: "Log lines that could not be written to their destination, by the reason in error.type",
        })
        .add(1, { "error.type": reason });
    },
    total: () => total,
  };
}
