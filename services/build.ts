import { bundle } from "./bundle.ts";

await bundle(`${import.meta.dirname}/dist`);
