import { createRequire, isBuiltin, syncBuiltinESMExports } from "node:module";
import { registerInstrumentations, type Instrumentation } from "@opentelemetry/instrumentation";
import { catalogue, fromTheStart, type CatalogueEntry } from "./catalogue.ts";
import { beforeFirstUse, openCommonJs, openEsModules, packageNameOf } from "./module-hooks.ts";
import { selectInstrumentations } from "./selection.ts";

const require = createRequire(import.meta.url);

/** Names of all instrumentations, as the environment calls them. */
const instrumentationNames: readonly string[] = [
  ...Object.keys(fromTheStart),
  ...catalogue.map(({ name }) => name),
].sort();

/** The exporters load it, however early the telemetry starts. */
const ownModule = "@grpc/grpc-js";

/** What {@link instrument} is told. */
export interface InstrumentOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Instrumentations of the user; one of these takes the place of the library's own for the same package. */
  readonly own: readonly Instrumentation[];
  /** Names that the environment can switch as well, of what others start. */
  readonly others: readonly string[];
  /** Modules that those change, if they are imported by an ES module. */
  readonly modulesOfOthers: readonly string[];
  /** Told, in a sentence, what is not instrumented and why. */
  readonly report: (message: string) => void;
}

/**
 * Starts the instrumentations. That of a library is loaded when the program first imports or requires the library, so
 * that a program pays only for what it uses. Call it after the tracer and meter providers are registered.
 *
 * @returns the names of all that work, {@link InstrumentOptions.others} included
 */
export function instrument({ env, own, others, modulesOfOthers, report }: InstrumentOptions): readonly string[] {
  const replaced = new Set(own.map(({ instrumentationName }) => instrumentationName));
  const wanted = (name: string): boolean => !replaced.has(`@opentelemetry/instrumentation-${name}`);
  const byDefault = [
    ...others,
    ...Object.keys(fromTheStart),
    ...catalogue.flatMap((entry) => ((entry.byDefault ?? true) ? [entry.name] : [])),
  ];
  const selected = selectInstrumentations(env, [...instrumentationNames, ...others], byDefault, report).filter(wanted);

  const entries = catalogue.filter(({ name }) => selected.includes(name));
  const builtIn = entries.filter(({ modules }) => modules.every((module) => isBuiltin(module)));
  const lazy = new Map(
    entries.flatMap((entry) =>
      builtIn.includes(entry) ? [] : entry.modules.map((module) => [module, entry] as const),
    ),
  );
  warnOfLoaded(lazy.keys(), report);
  openCommonJs();
  openEsModules([...lazy.keys(), ...modulesOf(own)], modulesOfOthers);
  registerInstrumentations({
    instrumentations: [
      ...Object.entries(fromTheStart).flatMap(([name, create]) => (selected.includes(name) ? [create()] : [])),
      ...builtIn.flatMap((entry) => load(entry, report)),
      ...own,
    ],
  });
  patchBuiltIn(["http", "https", ...builtIn.flatMap(({ modules }) => modules)]);

  const loaded = new Set<CatalogueEntry>();
  beforeFirstUse(new Set(lazy.keys()), (module) => {
    const entry = lazy.get(module);
    if (entry === undefined || loaded.has(entry)) return;
    loaded.add(entry);
    registerInstrumentations({ instrumentations: load(entry, report) });
  });
  return selected;
}

/** An instrumented module of Node.js is changed when it is first required; importing it alone does not do it. */
function patchBuiltIn(modules: readonly string[]): void {
  for (const module of modules) require(`node:${module}`);
  // Names that ES modules have imported of it, also before, follow what is changed.
  syncBuiltinESMExports();
}

function load({ name, className, modules }: CatalogueEntry, report: (message: string) => void): Instrumentation[] {
  const packageName = `@opentelemetry/instrumentation-${name}`;
  try {
    const classes = require(packageName) as Readonly<Record<string, new () => Instrumentation>>;
    const Class = classes[className];
    if (Class === undefined) throw new Error(`it exports no ${className}`);
    return [new Class()];
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error);
    report(`${modules.join(", ")}: not traced, ${packageName} cannot be loaded: ${reason}`);
    return [];
  }
}

/** An instrumentation that says which modules it changes; one that changes none need not. */
interface Defining {
  readonly getModuleDefinitions?: () => readonly { readonly name: string }[];
}

function modulesOf(instrumentations: readonly (Instrumentation & Defining)[]): string[] {
  return instrumentations.flatMap((one) => (one.getModuleDefinitions?.() ?? []).map(({ name }) => name));
}

/** What was loaded before cannot be changed any more: it would be untraced without a word. */
function warnOfLoaded(modules: Iterable<string>, report: (message: string) => void): void {
  const loaded = new Set(
    Object.keys(require.cache).flatMap((path) => {
      const [, ...inside] = path.replaceAll("\\", "/").split("/node_modules/");
      return inside.slice(-1).map(packageNameOf);
    }),
  );
  const late = [...modules].filter((module) => loaded.has(module) && module !== ownModule);
  if (late.length === 0) return;
  report(
    `${late.join(", ")}: loaded before the telemetry, and not traced; start the telemetry first, for example with node --import @observability/telemetry/register`,
  );
}
