import type { SharedFile } from "./parts/part.ts";

/**
 * What Loki reads again and again while it runs: limits that hold in place of its own. Loki refuses to start without it, and
 * keeps what it had if it cannot be read later.
 */
export const lokiOverrides: Omit<SharedFile, "access"> = {
  name: "loki_overrides",
  path: "/etc/loki/overrides/overrides.yaml",
  content: '{"overrides":{}}\n',
};
