import { partList, portsForServices } from "./parts/parts.ts";

/*
 * Who opens connections to whom. A platform that can close everything else does; test/config/flows.test.ts compares the
 * table with the addresses in the generated configurations.
 */

/** A connection between two parts of the stack. */
export interface Flow {
  /** A part by its host name, or `"services"` for every instrumented service. */
  readonly from: string;
  readonly to: string;
  readonly port: number;
}

/** Stands in a {@link Flow} for every workload that is no part of the stack. */
export const services = "services";

/** Every connection to a part of the stack. Those of services to each other and to the outside are not among them. */
export const flows: readonly Flow[] = [
  ...portsForServices.map(({ host, port }) => ({ from: services, to: host, port })),
  ...partList.flatMap((part) =>
    part.connectsTo(partList).map(({ host, port }) => ({ from: part.host, to: host, port })),
  ),
];
