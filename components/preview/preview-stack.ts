import type { z } from "zod";
import { group, text } from "../../config/fields.ts";
import { schemaProblems } from "../../config/parse.ts";
import { plainInput } from "../../config/plain.ts";
import { pulumiName } from "../../config/rules.ts";
import { ObservabilityStack, type ObservabilityStackArgs, type StackUrls } from "../observability-stack.ts";
import { refuse } from "../platform/workload-rules.ts";
import { previewProgram, type ProgramPreview } from "./preview-program.ts";

/** A stack as it would be deployed, with the services beside it. Plain data: JSON shows all of it. */
export interface StackPreview extends ProgramPreview {
  /** Where to find each part on the user's machine; empty with `observability: false`. */
  readonly urls: Partial<StackUrls>;
}

/** Under which names a stack is previewed. */
export interface StackPreviewOptions {
  /** Name of the stack's component, with which the names of its resources begin. @default "observability" */
  readonly name?: string;
  /** Name of the Pulumi project. @default "observability" */
  readonly project?: string;
  /** Name of the Pulumi stack. @default "dev" */
  readonly stack?: string;
}

const optionsSchema = group({
  name: text({
    pattern: /^.{1,100}$/u,
    rule: "must be one line of 1 to 100 characters",
    change: "leave it out",
  }).default("observability"),
  project: text({ ...pulumiName, change: "leave it out" }).default("observability"),
  stack: text({ ...pulumiName, change: "leave it out" }).default("dev"),
});

/**
 * The whole graph of a stack, for unit tests: no engine, no Docker, no network, a tenth of a second once Pulumi is
 * loaded. Pulumi's mocks belong to the process, so previews wait for each other; mocks of your own are left as they are.
 * Secrets are marked, their text is in no preview. An address of Docker that the settings leave to the machine is
 * unknown: the machine is not asked.
 *
 * @param program creates what runs beside the stack, for instance an {@link InstrumentedService}
 * @throws Error with every problem of the settings, as a deployment does, or with the first problem of the program; with
 *   every problem of the options before that.
 *
 * @example
 * const { files, ports } = await previewStack({ retentionHours: 168 });
 */
export async function previewStack(
  settings: ObservabilityStackArgs = {},
  program?: (stack: ObservabilityStack) => unknown,
  options: StackPreviewOptions = {},
): Promise<StackPreview> {
  const { name, ...identity } = checkedOptions(options);
  let urls: Partial<StackUrls> = {};
  const { resources, files, ports, footprint } = await previewProgram(async () => {
    const stack = new ObservabilityStack(name, settings);
    urls = stack.urls;
    await program?.(stack);
  }, identity);
  return { resources, files, ports, urls, footprint };
}

function checkedOptions(options: unknown): z.output<typeof optionsSchema> {
  const { value, problems } = plainInput(options, "options");
  refuse("OBS1006", "", [...problems, ...schemaProblems(optionsSchema, value, "option")]);
  return optionsSchema.parse(value);
}
