/** Prints the images of the stack that the tests deploy, for clusters that can pull none. */
import { defaultImages } from "../../../../config/images.ts";

const { grafana, node: _built, ...others } = defaultImages;
process.stdout.write([...Object.values(others), process.env["E2E_GRAFANA_IMAGE"] ?? grafana].join("\n"));
