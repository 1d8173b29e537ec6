import { z } from "zod";
import { choice, flag, text, told, wholeNumber, withSecrets } from "../fields.ts";
import { grafanaUid } from "../rules.ts";

/*
 * The fields that Grafana reads of a data source in a provisioning file, and what it takes for them
 * (github.com/grafana/grafana, pkg/services/provisioning/datasources/types.go). One of another kind keeps Grafana from
 * starting. What it does not read passes.
 */

/** Like {@link text}, of any text, and without the value in a message: all of these may hold a secret. */
function hiddenText(): z.ZodOptional<z.ZodString> {
  return z.string(told("must be text", "put it in quotes")).optional();
}

function hiddenGroup(what: string): z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodUnknown>> {
  const words = told(`must be ${what}`, "write `name: value` below it, or leave it out");
  return z.record(z.string(), z.unknown(), words).optional();
}

function anyText(change: string): z.ZodString {
  return text({ pattern: /^/, lines: "many", rule: "must be text", change });
}

/** A field whose value a message shows: it is no secret. */
function shown<Field extends z.ZodType>(field: Field): Field {
  return withSecrets(field, false);
}

/** Grafana does not check a correlation, and ends if one of its texts is missing or something else. */
const correlation = z.looseObject(
  {
    label: anyText("give it one"),
    description: anyText("give it one"),
    targetUID: text({ ...grafanaUid, change: "name a data source by its uid" }),
    config: z
      .looseObject(
        {
          type: choice(["query"]),
          field: anyText("name the field that gets the link"),
          target: hiddenGroup("a query"),
        },
        told("must be a group of type, field and target", "write them below it"),
      )
      .optional(),
  },
  told("must be a correlation", "write label, description and targetUID below it"),
);

/** A data source of a user; three fields are required. */
export const datasourceShape = {
  name: shown(text({ pattern: /^\S(.{0,188}\S)?$/u, rule: "must be 1 to 190 characters", change: "give it a name" })),
  type: shown(
    text({ pattern: /^[\w-]{1,190}$/, rule: "must be the id of a plugin", change: "write for example prometheus" }),
  ),
  uid: shown(text({ ...grafanaUid, change: "set one, for example my-prometheus" })),
  access: shown(choice(["proxy", "direct"])).optional(),
  orgId: shown(z.literal(1, told("must be 1, the only organisation that there is", "leave it out"))).optional(),
  orgName: hiddenText(),
  version: shown(wholeNumber({ least: 0, most: 2 ** 31 - 1, change: "leave it out" })).optional(),
  url: hiddenText(),
  user: hiddenText(),
  database: hiddenText(),
  basicAuth: shown(flag()).optional(),
  basicAuthUser: hiddenText(),
  withCredentials: shown(flag()).optional(),
  isDefault: shown(z.literal(false, told("must leave the default to the stack", "leave it out"))).optional(),
  editable: shown(flag()).optional(),
  jsonData: hiddenGroup("a group of the data source's settings"),
  secureJsonData: hiddenGroup("a group of references to secrets"),
  correlations: z.array(correlation, told("must be a list of correlations", "write - in front of each")).optional(),
};
