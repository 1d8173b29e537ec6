import { z } from "zod";
import { choice, flag, text, wholeNumber } from "../fields.ts";
import { complaint, hiddenComplaint } from "../problem.ts";
import { grafanaUid } from "../rules.ts";

/*
 * The fields that Grafana reads of a data source in a provisioning file, and what it takes for them
 * (github.com/grafana/grafana, pkg/services/provisioning/datasources/types.go). One of another kind keeps Grafana from
 * starting. What it does not read passes.
 */

/** Like {@link text}, of any text, and without the value in a message: all of these may hold a secret. */
function hiddenText(): z.ZodOptional<z.ZodString> {
  return z.string({ error: () => hiddenComplaint("must be text", "put it in quotes") }).optional();
}

function hiddenGroup(what: string): z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodUnknown>> {
  const error = (): string => hiddenComplaint(`must be ${what}`, "write `name: value` below it, or leave it out");
  return z.record(z.string(), z.unknown(), { error }).optional();
}

/** Grafana reads a correlation without looking, and ends if a text of it is none. */
const correlation = z.looseObject(
  {
    label: text({ pattern: /^/, rule: "must be text", change: "give it one" }),
    description: text({ pattern: /^/, rule: "must be text", change: "give it one" }),
    targetUID: text({ ...grafanaUid, change: "name a data source by its uid" }),
    config: z
      .looseObject(
        {
          type: choice(["query"]),
          field: text({ pattern: /^/, rule: "must be text", change: "name the field that gets the link" }),
          target: hiddenGroup("a query"),
        },
        { error: () => hiddenComplaint("must be a group of type, field and target", "write them below it") },
      )
      .optional(),
  },
  { error: () => hiddenComplaint("must be a correlation", "write label, description and targetUID below it") },
);

/** A data source of a user; three fields are required. */
export const datasourceShape = {
  name: text({ pattern: /^\S(.{0,188}\S)?$/, rule: "must be 1 to 190 characters", change: "give it a name" }),
  type: text({ pattern: /^[\w-]+$/, rule: "must be the id of a plugin", change: "write for example prometheus" }),
  uid: text({ ...grafanaUid, change: "set one, for example my-prometheus" }),
  access: choice(["proxy", "direct"]).optional(),
  orgId: z
    .literal(1, {
      error: ({ input }) => complaint("must be 1, the only organisation that there is", input, "leave it out"),
    })
    .optional(),
  orgName: hiddenText(),
  version: wholeNumber({ least: 0, most: 2 ** 31 - 1, change: "leave it out" }).optional(),
  url: hiddenText(),
  user: hiddenText(),
  database: hiddenText(),
  basicAuth: flag().optional(),
  basicAuthUser: hiddenText(),
  withCredentials: flag().optional(),
  isDefault: z
    .literal(false, {
      error: ({ input }) => complaint("must leave the default to the stack", input, "leave it out"),
    })
    .optional(),
  editable: flag().optional(),
  jsonData: hiddenGroup("a group of the data source's settings"),
  secureJsonData: hiddenGroup("a group of references to secrets"),
  correlations: z
    .array(correlation, { error: () => hiddenComplaint("must be a list of correlations", "write - in front of each") })
    .optional(),
};
