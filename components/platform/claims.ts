import { problem, type Problem } from "../../config/problem.ts";
import type { Workload } from "./workload.ts";

/** What workloads that run already have taken: names of their own, and ports on the user's machine. */
export class Claims {
  private readonly names = new Set<string>();
  private readonly hostPorts = new Map<number, string>();

  /**
   * What a workload cannot have any more; the paths begin with the name of a field.
   *
   * @param names the names that the platform gives to it
   */
  conflicts(workload: Workload, names: readonly string[]): readonly Problem[] {
    const taken = names.find((name) => this.names.has(name));
    const ports = workload.ports.flatMap(({ hostPort }, index) => {
      const other = hostPort === "internal" ? undefined : this.hostPorts.get(hostPort);
      if (other === undefined) return [];
      return [
        problem(`ports.${index}.hostPort`, `must differ from the ports of ${other}`, hostPort, "change one of the two"),
      ];
    });
    return [
      ...(taken === undefined ? [] : [problem("name", "must be unique in the stack", taken, "rename one of the two")]),
      ...ports,
    ];
  }

  /** Takes the names and the ports of a workload. */
  take(workload: Workload, names: readonly string[]): void {
    for (const name of names) this.names.add(name);
    for (const { hostPort } of workload.ports) if (hostPort !== "internal") this.hostPorts.set(hostPort, workload.name);
  }
}
