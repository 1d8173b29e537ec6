/** OpenTelemetry's short names, each with the first of its four numbers (opentelemetry.io/docs/specs/otel/logs/data-model/#displaying-severity). */
const firstNumbers = { TRACE: 1, DEBUG: 5, INFO: 9, WARN: 13, ERROR: 17, FATAL: 21 };

/**
 * Statements that give log records of any SDK one word for how bad they are. Each language has words of its own (`SEVERE`,
 * `WARNING`, `Information`), but all number them alike. Loki would make `detected_level`, which the dashboards go by, of the
 * word, or of an attribute `level`. A record without a number stays as it is: Loki looks at its text then.
 */
export const severityStatements: readonly string[] = [
  ...Object.entries(firstNumbers).map(
    ([name, first]) =>
      `set(log.severity_text, "${name}") where log.severity_number >= ${first} and log.severity_number < ${first + 4}`,
  ),
  'set(log.attributes["detected_level"], ConvertCase(log.severity_text, "lower")) where log.severity_number > 0',
];
