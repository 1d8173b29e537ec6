/** Prints the images of the stack that the tests deploy, for clusters that can pull none. */
import { testedImages } from "../../support/images.ts";

const { node: _built, ...others } = testedImages;
process.stdout.write(Object.values(others).join("\n"));
