import { resolveImages, type ImageName, type Images } from "../../../config/resolve-images.ts";

/** Variables that have the tests run another image than the product's, for a machine that cannot have that one. */
const variables = { grafana: "E2E_GRAFANA_IMAGE", node: "E2E_NODE_IMAGE" } as const satisfies Partial<
  Record<ImageName, string>
>;

/** What `observability:images` has to be for these tests. */
export const imageOverrides: Partial<Record<ImageName, string>> = Object.fromEntries(
  Object.entries(variables).flatMap(([name, variable]) => {
    const image = process.env[variable];
    return image === undefined ? [] : [[name, image]];
  }),
);

/** Python of a service that is instrumented from outside; `E2E_PYTHON_IMAGE` names another one. */
export const pythonImage = process.env["E2E_PYTHON_IMAGE"] ?? "python:3.13.7-slim-bookworm";

/** The images that the tests run. */
export const testedImages: Images = resolveImages("", imageOverrides);
