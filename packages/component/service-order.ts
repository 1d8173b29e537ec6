/** What of a service says which services come before it. */
interface Dependent {
  /** Names of services. At run time it may be anything. */
  readonly dependsOn?: readonly string[];
}

/**
 * The names of services, each behind those that it depends on, otherwise as they were written.
 *
 * @throws Error with every name that is no service's, or with a circle in which services wait for each other
 */
export function inOrder(services: Readonly<Record<string, Dependent>>): readonly string[] {
  const names = Object.keys(services);
  const problems = names.flatMap((name) => problemsOf(name, services));
  if (problems.length > 0) throw refusal(problems);
  const ordered = new Set<string>();
  const place = (name: string, waiting: readonly string[]): void => {
    if (ordered.has(name)) return;
    if (waiting.includes(name)) throw refusal([circle([...waiting.slice(waiting.indexOf(name)), name])]);
    for (const before of services[name]?.dependsOn ?? []) place(before, [...waiting, name]);
    ordered.add(name);
  };
  for (const name of names) place(name, []);
  return [...ordered];
}

function problemsOf(name: string, services: Readonly<Record<string, Dependent>>): readonly string[] {
  const path = `services.${name}.dependsOn`;
  const given: unknown = services[name]?.dependsOn ?? [];
  if (!Array.isArray(given)) return [`${path}: must be a list of names of services, got something else; write [NAME]`];
  const names = Object.keys(services);
  return (given as readonly unknown[]).flatMap((before, index) => {
    if (typeof before === "string" && names.includes(before)) return [];
    return [
      `${path}.${index}: must be the name of a service, got ${JSON.stringify(before)}; name one of ${names.join(", ")}`,
    ];
  });
}

function circle(names: readonly string[]): string {
  const [first = ""] = names;
  const way = names.join(" → ");
  return `services.${first}.dependsOn: must not lead back to the service, got ${way}; remove one of these`;
}

function refusal(problems: readonly string[]): Error {
  return new Error(`${problems.join("\n")} (OBS1002)`);
}
