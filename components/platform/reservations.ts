import { problemIf, type Problem } from "../../config/problem.ts";
import { portsOnMachine, type Workload } from "./workload.ts";

/** A name, and what it is the name of: two things of different kinds may have the same. */
export interface ReservedName {
  /** For instance `container`. */
  readonly kind: string;
  readonly name: string;
}

/** What workloads that run already have taken: names, and ports on the user's machine. */
export class Reservations {
  private readonly names: Set<string>;
  private readonly hostPorts = new Map<number, string>();

  /** @param reserved names that no workload can have, since the platform or its network has them itself */
  constructor(reserved: readonly ReservedName[] = []) {
    this.names = new Set(reserved.map(keyOf));
  }

  /**
   * The problems of names and ports of a workload that are taken; the paths begin with the name of a field.
   *
   * @param names every name that the platform gives to something of the workload
   */
  conflicts(workload: Workload, names: readonly ReservedName[]): readonly Problem[] {
    const taken = names.find(
      (claimed, index) =>
        this.names.has(keyOf(claimed)) || names.slice(0, index).some((other) => keyOf(other) === keyOf(claimed)),
    );
    const ports = workload.ports.flatMap((port, index) =>
      portsOnMachine(port).flatMap(([path, hostPort]) => {
        const other = this.hostPorts.get(hostPort);
        const rule = `must differ from the ports of ${other}`;
        return problemIf(other !== undefined, `ports.${index}.${path}`, rule, hostPort, "change one of the two");
      }),
    );
    const isTaken = taken !== undefined;
    return [
      ...problemIf(isTaken, "name", "must be unique in the stack", taken?.name, "rename one of the two"),
      ...ports,
    ];
  }

  /** Takes the names and the ports of a workload. */
  take(workload: Workload, names: readonly ReservedName[]): void {
    for (const claimed of names) this.names.add(keyOf(claimed));
    for (const [, hostPort] of workload.ports.flatMap(portsOnMachine)) this.hostPorts.set(hostPort, workload.name);
  }
}

/** A kind and a name as one text: no kind and no name has a slash in it. */
function keyOf({ kind, name }: ReservedName): string {
  return `${kind}/${name}`;
}
