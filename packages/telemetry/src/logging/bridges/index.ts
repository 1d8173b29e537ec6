import type { BridgeWriter } from "./bridge.ts";
import { bridgeBunyan } from "./bunyan.ts";
import { bridgeConsole } from "./console.ts";
import { bridgeNest } from "./nestjs.ts";
import { bridgePino } from "./pino.ts";
import { bridgeWinston } from "./winston.ts";

/**
 * How each logger of an application is bridged, by the name under which `OTEL_NODE_ENABLED_INSTRUMENTATIONS` and
 * `OTEL_NODE_DISABLED_INSTRUMENTATIONS` know it: the npm package's, for `@nestjs/common` with a hyphen.
 */
export const logBridges = {
  bunyan: bridgeBunyan,
  console: bridgeConsole,
  "nestjs-common": bridgeNest,
  pino: bridgePino,
  winston: bridgeWinston,
} as const satisfies Record<string, (writer: BridgeWriter) => void>;

/** Name of a bridge. */
export type LogBridgeName = keyof typeof logBridges;

/** Modules that a bridge changes and that ES modules import themselves; what else is changed is required by the logger. */
export const bridgedModules: readonly string[] = ["@nestjs/common", "bunyan"];
