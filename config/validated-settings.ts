import type { z } from "zod";
import { namedFolders, type ReadFolder } from "./grafana/added-dashboards.ts";
import { pinnedImages, pinnedInstrumentImages, type ImageLock } from "./image-lock.ts";
import { resolveImages, resolveInstrumentImages } from "./resolve-images.ts";
import type { stackSettingsSchema, StackSettings } from "./settings-and-defaults.ts";
import type { TextFile } from "./text-file.ts";

/** The dashboards that were read for complete settings. What is no key here has not been validated. */
const dashboards = new WeakMap<object, readonly TextFile[]>();

/**
 * Settings that have passed the schema and every rule beyond it, with what they name: the image of each part, and the
 * user's dashboards ({@link dashboardsOf}). Nothing of them can be changed, so they need not be validated again.
 *
 * @param imageLock the digests that the images are named by @default none
 */
export function validatedSettings(
  valid: z.output<typeof stackSettingsSchema>,
  readFolder: ReadFolder,
  imageLock?: ImageLock,
): StackSettings {
  const { images: given, kubernetes, ...rest } = valid;
  const images = resolveImages(rest.imageRegistry, given);
  const copied = resolveInstrumentImages(rest.imageRegistry, given);
  const settings = frozen({
    ...rest,
    images:
      imageLock === undefined
        ? { ...images, ...copied }
        : { ...pinnedImages(images, imageLock), ...pinnedInstrumentImages(copied, imageLock) },
    kubernetes: { ...kubernetes, namespace: kubernetes.namespace === "" ? rest.name : kubernetes.namespace },
  });
  const folders = namedFolders(rest.grafana.dashboards);
  dashboards.set(
    settings,
    folders.flatMap(({ folder, setting }) => readFolder(folder, setting).files),
  );
  return settings;
}

/** Whether {@link validatedSettings} has made a value. A copy of one with other fields has to be validated like any input. */
export function isValidated(given: unknown): given is StackSettings {
  return typeof given === "object" && given !== null && dashboards.has(given);
}

/** The user's dashboards as they were when the settings were validated. @throws Error if they were not. */
export function dashboardsOf(settings: StackSettings): readonly TextFile[] {
  const found = dashboards.get(settings);
  if (found === undefined) throw new Error("the settings: must be validated, got others; hand them to parseSettings");
  return found;
}

function frozen<Value extends object>(value: Value): Value {
  for (const inner of Object.values(value) as unknown[]) {
    if (typeof inner === "object" && inner !== null) frozen(inner);
  }
  return Object.freeze(value);
}
