import { signals, type Signal } from "../../config/parts/part.ts";
import type { Endpoint } from "./exchange.ts";
import { sdkOf, type Language } from "./sdks.ts";
import type { ServiceProcess } from "./service-process.ts";

/*
 * What an SDK reads from the environment of its process (opentelemetry.io/docs/specs/otel/protocol/exporter,
 * …/configuration/sdk-environment-variables): a variable that is empty counts as not set, one of a signal before the
 * common one.
 */

/** A variable that has a value. */
export interface Variable {
  readonly name: string;
  readonly value: string;
}

/** The first of some variables that is set. */
export function variableOf({ env }: Pick<ServiceProcess, "env">, ...names: readonly string[]): Variable | undefined {
  return names.flatMap((name) => {
    const value = env[name]?.trim() ?? "";
    return value === "" ? [] : [{ name, value }];
  })[0];
}

/** How one signal leaves a process. */
export interface Exporter {
  readonly signal: Signal;
  /** What says where to; `undefined` if nothing does, and the SDK's default counts. */
  readonly target: Variable | undefined;
  /** What says how; `undefined` if nothing does. */
  readonly protocol: Variable | undefined;
  /** Where it sends; `undefined` if that is no address or no protocol. */
  readonly endpoint: Endpoint | undefined;
}

/** As much of a process as says where it sends. */
export type Sender = Pick<ServiceProcess, "env"> & {
  /** That of its SDK; `undefined` if it is not known. */
  readonly language: Language | undefined;
};

/** The exporters of a process that are not switched off. */
export function exportersOf(process: Sender): readonly Exporter[] {
  return signals
    .filter((signal) => isExported(process, signal))
    .map((signal) => {
      const prefix = "OTEL_EXPORTER_OTLP";
      const own = `${prefix}_${signal.toUpperCase()}`;
      const target = variableOf(process, `${own}_ENDPOINT`, `${prefix}_ENDPOINT`);
      const protocol = variableOf(process, `${own}_PROTOCOL`, `${prefix}_PROTOCOL`);
      const isOwn = target?.name === `${own}_ENDPOINT`;
      return { signal, target, protocol, endpoint: endpointOf(process, signal, target, isOwn, protocol) };
    });
}

/** The exporters that a variable names instead of OTLP's; `undefined` if OTLP is among them. */
export function otherExporters(process: Pick<ServiceProcess, "env">, signal: Signal): Variable | undefined {
  const named = variableOf(process, `OTEL_${signal.toUpperCase()}_EXPORTER`);
  // Python's own names for it are `otlp_proto_grpc` and `otlp_proto_http`.
  return named?.value.split(",").some((one) => one.trim().startsWith("otlp")) === true ? undefined : named;
}

function isExported(process: Pick<ServiceProcess, "env">, signal: Signal): boolean {
  return otherExporters(process, signal) === undefined;
}

function endpointOf(
  { env, language }: Sender,
  signal: Signal,
  target: Variable | undefined,
  isOwn: boolean,
  named: Variable | undefined,
): Endpoint | undefined {
  const sdk = sdkOf(language);
  const byDefault = sdk.protocolByDefault(env);
  const known = sdk.protocols.find((one) => one === named?.value);
  const protocol = named === undefined || sdk.otherProtocol === undefined ? (known ?? byDefault) : known;
  if (protocol === undefined) return undefined;
  const url = urlOf(target?.value ?? `http://localhost:${protocol === "grpc" ? 4317 : 4318}`);
  if (url === undefined) return undefined;
  const isTls = url.protocol === "https:";
  const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
  // The common address is a base, a signal's own is taken as it stands.
  const path = isOwn ? url.pathname : `${url.pathname.replace(/\/$/, "")}/v1/${signal}`;
  return { signal, host: url.hostname.replace(/^\[|\]$/g, ""), port, isTls, protocol, path };
}

/** An address of HTTP; `undefined` if the text is none. */
function urlOf(text: string): URL | undefined {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && /^https?:\/\//i.test(text) ? url : undefined;
}
