import { parse } from "yaml";
import { z } from "zod";

/**
 * A provisioning file as Grafana holds it after reading: in every text `$NAME` and `${NAME}` are the environment's
 * (empty if it has none) and `$$` is one `$` (grafana: pkg/services/provisioning/values/values.go).
 */
export function provisioned(file: string, env: Readonly<Record<string, string>> = {}): unknown {
  return parse(file, (_key, value: unknown) => (typeof value === "string" ? expanded(value, env) : value));
}

function expanded(text: string, env: Readonly<Record<string, string>>): string {
  return text
    .split("$$")
    .map((part) => part.replaceAll(/\$\{?([\w.]+)\}?/g, (_, name: string) => env[name] ?? ""))
    .join("$");
}

const datasourceFile = z.strictObject({
  apiVersion: z.literal(1),
  prune: z.literal(true),
  datasources: z.array(
    z.strictObject({
      name: z.string(),
      type: z.string(),
      uid: z.string(),
      access: z.string(),
      url: z.string(),
      editable: z.boolean(),
      isDefault: z.boolean().optional(),
      jsonData: z.record(z.string(), z.unknown()),
    }),
  ),
});

/** A data source that Grafana provisions. There is no other field: none for a user, a password or a header. */
export type ProvisionedDatasource = z.output<typeof datasourceFile>["datasources"][number];

/** The data sources of a provisioning file. */
export function provisionedDatasources(file: string): readonly ProvisionedDatasource[] {
  return datasourceFile.parse(provisioned(file)).datasources;
}
