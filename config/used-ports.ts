import type { z } from "zod";
import { isRecord } from "./parse.ts";
import { duplicates, type Problem } from "./problem.ts";
import { stackSettingsSchema } from "./settings-and-defaults.ts";

/** A port on the user's machine and the setting that it comes from. */
export interface UsedPort {
  readonly path: string;
  readonly port: number;
  /** Whether it is the default. */
  readonly isDefault: boolean;
}

/** The ports of the stack on the user's machine. What is no port, the schema reports. */
export function stackPorts(input: unknown): readonly UsedPort[] {
  const { ports = {} } = isRecord(input) ? input : {};
  if (!isRecord(ports)) return [];
  const { shape } = stackSettingsSchema.shape.ports.unwrap();
  return Object.entries(shape).flatMap(([name, field]) => usedPort(`ports.${name}`, field, ports[name]));
}

/** The port that a setting stands for; none if it breaks the rules of its field, which is reported there. */
export function usedPort(path: string, field: z.ZodType<number>, value: unknown): readonly UsedPort[] {
  const { data: port } = field.safeParse(value);
  return port === undefined ? [] : [{ path, port, isDefault: port === field.safeParse(undefined).data }];
}

/**
 * The ports that are used twice, which Docker would find out half-way through a deployment. Reported is the one that is
 * not a default: the other is not in the user's file.
 */
export function equalPorts(ports: readonly UsedPort[]): readonly Problem[] {
  const ordered = [...ports.filter(({ isDefault }) => isDefault), ...ports.filter(({ isDefault }) => !isDefault)];
  return duplicates(
    ordered.map(({ path, port }) => [path, port]),
    "choose another port for one of the two",
  );
}
