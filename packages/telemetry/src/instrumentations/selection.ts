/**
 * Names of the instrumentations that work, by `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and
 * `OTEL_NODE_DISABLED_INSTRUMENTATIONS` as `@opentelemetry/auto-instrumentations-node` reads them: only the enabled
 * ones if there are any, otherwise those by default, and never a disabled one.
 *
 * @param known all names
 * @param byDefault names of those that work if the environment says nothing
 * @param report told of names that nobody has
 */
export function selectInstrumentations(
  env: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
  byDefault: readonly string[],
  report: (message: string) => void,
): readonly string[] {
  const read = (variable: string): readonly string[] => {
    const names = (env[variable] ?? "").split(",").map((name) => name.trim());
    const given = names.filter((name) => name !== "");
    const unknown = given.filter((name) => !known.includes(name));
    if (unknown.length > 0) {
      report(`${variable}: no instrumentation has this name, got ${unknown.join(", ")}; use of ${known.join(", ")}`);
    }
    return given;
  };
  const enabled = read("OTEL_NODE_ENABLED_INSTRUMENTATIONS");
  const disabled = new Set(read("OTEL_NODE_DISABLED_INSTRUMENTATIONS"));
  return known.filter((name) => (enabled.length > 0 ? enabled : byDefault).includes(name) && !disabled.has(name));
}
