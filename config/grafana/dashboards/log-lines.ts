import { chosen } from "./red.ts";

/** Every line of what is chosen. */
export const logLines = `{${chosen}}`;

/** Those of some lines that are of level error and above. */
export function errorsOf(lines: string): string {
  return `${lines} | detected_level=~"error|critical|fatal"`;
}

/** The colour of each level. */
export const levelColours = {
  trace: "light-blue",
  debug: "blue",
  info: "green",
  warn: "yellow",
  error: "red",
  critical: "dark-red",
  fatal: "dark-red",
} as const;

/** LogQL's template of the message of a line whose fields `message` and `msg` are taken out as `_message` and `_msg`. */
export const messageOf = "or ._message ._msg __line__";

/**
 * Lines that a person reads at a glance: how bad, who, what. A line of JSON has its message in a field, any other is the
 * message; exceptions and ids that an SDK sends are beside the line. The id of the trace is written out, since before its
 * version 11 Grafana finds it in the line only.
 */
export function readable(lines: string): string {
  return [
    lines,
    'json _message="message", _msg="msg"',
    "drop __error__, __error_details__",
    `line_format \`${[
      `{{printf "%-5s" (.detected_level | ToUpper)}} {{printf "%-24s" .service_name}} {{${messageOf}}}`,
      "{{if .exception_type}} | {{.exception_type}}: {{.exception_message}}{{end}}",
      "{{if .trace_id}} trace_id={{.trace_id}}{{end}}",
    ].join("")}\``,
  ].join(" | ");
}

/** The same lines for Explore, which has no variables: in their place is what is chosen. */
export const writtenLines =
  '{service_namespace=~"${namespace:pipe}",service_namespace!="stack",service_name=~"${service:pipe}",deployment_environment_name=~"${environment:pipe}"}';
