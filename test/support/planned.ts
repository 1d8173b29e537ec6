import { resolve } from "node:path";
import { InstrumentedService, ObservabilityStack } from "../../components/index.ts";
import { previewProgram } from "../../components/preview/preview-program.ts";
import { exampleServices } from "../../config/example-services.ts";
import { programSettings } from "../../config/program-settings.ts";
import type { Plan } from "../../cli/preview/planned-program.ts";

/** What the program at the top of the repository would deploy with this configuration, as often as it is asked for. */
export function planOf(config: Readonly<Record<string, string>>, stack: string): Plan {
  const identity = { project: "observability", stack };
  return () =>
    previewProgram(
      () => {
        const settings = programSettings(config, identity);
        const made = new ObservabilityStack("observability", settings.stack);
        for (const { name, ...args } of exampleServices(settings, resolve(import.meta.dirname, "../../services"))) {
          new InstrumentedService(name, { stack: made, ...args });
        }
      },
      { ...identity, config },
    );
}
