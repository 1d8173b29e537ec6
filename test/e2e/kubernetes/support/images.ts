/** Prints the images of the stack that the tests deploy, for clusters that can pull none. */
import { testedImages } from "../../support/images.ts";

process.stdout.write([...new Set(Object.values(testedImages))].join("\n"));
