import { isRecord } from "../../config/parse.ts";

/**
 * What Grafana makes of a value of a provisioning file (github.com/grafana/grafana, pkg/services/provisioning/values and
 * pkg/setting/expanders.go; Go's `os.Expand`).
 */
export function asGrafanaReads(
  value: unknown,
  env: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>>,
): unknown {
  if (typeof value === "string") {
    return value
      .split("$$")
      .map((part) => withVariables(withExpanders(part, env, files), env))
      .join("$");
  }
  if (Array.isArray(value)) return value.map((each) => asGrafanaReads(each, env, files));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asGrafanaReads(inner, env, files)]));
}

/** What Grafana has of a secret in a file of its own. */
export function secretAsGrafanaReads(content: string, env: Readonly<Record<string, string>>): unknown {
  return asGrafanaReads("$__file{/s}", env, { "/s": content });
}

function withExpanders(
  text: string,
  env: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>>,
): string {
  const expander = /\$(|__\w+)\{([^}]+)\}/g;
  const withEnv = text.replaceAll(expander, (whole, name: string, what: string) =>
    name === "" || name === "__env" ? (env[what] ?? "") : whole,
  );
  return withEnv.replaceAll(expander, (whole, name: string, what: string) =>
    name === "__file" ? (files[what] ?? `<${whole}>`).trim() : whole,
  );
}

/** Go's `os.ExpandEnv`: `${}` and other wrong syntax is eaten, a lone `$` stays. */
function withVariables(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(
    /\$(?:\{([^}]*)\}|(\{)|([*#$@!?\-0-9])|(\w+))/g,
    (_, braced?: string, open?: string, special?: string, name?: string) =>
      open === undefined ? (env[braced ?? special ?? name ?? ""] ?? "") : "",
  );
}
