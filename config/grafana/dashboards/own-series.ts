import { stackNamespace } from "../../names.ts";

/** Label that all series have which the stack's parts make about themselves. */
export const own = `service_namespace="${stackNamespace}"`;
