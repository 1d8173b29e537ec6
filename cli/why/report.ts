import { visible } from "../../config/problem.ts";
import { signals, type Signal } from "../../config/parts/part.ts";
import type { Diagnosis, Facts } from "./diagnosis.ts";
import { addressText, type Examined } from "./examine.ts";
import { sdks } from "./sdks.ts";
import { lookbackMillis, type Delivery, type Newest } from "./stores.ts";

/** What was found about a service: the most probable cause, and below it the facts. */
export function report(facts: Facts, { headline, next, others }: Diagnosis): string {
  const { asked, serviceName, nowMillis, newest, near, deliveries, rejections, notSeen } = facts;
  const rows: readonly (readonly [what: string, text: string])[] = [
    ...facts.processes.flatMap((examined) => processRows(examined, nowMillis)),
    ...(serviceName === asked ? [] : [["name", `its service.name is ${serviceName}`] as const]),
    ...signals.map((signal) => [signal, ageText(newest[signal], nowMillis)] as const),
    ...near.map(([name, its]) => ["near", `${name}: ${agesText(its, nowMillis)}`] as const),
    ...deliveries.map((delivery) => ["Collector", deliveryText(delivery)] as const),
    ...rejections.map(({ store, reason, count }) => [store, `has thrown away ${count} records: ${reason}`] as const),
    ...others.flatMap(({ cause, next: toDo }) => [["also", cause] as const, ["", `next: ${toDo}`] as const]),
    ...notSeen.map((text) => ["not seen", text] as const),
  ];
  return [`${asked}: ${headline}`, ...(next === "" ? [] : [`  next: ${next}`]), "", ...rows.map(row)].join("\n");
}

/** The facts for a program: a process's environment is not among them. */
export function jsonOf({ processes, nowMillis, ...rest }: Facts): object {
  return {
    ...rest,
    at: new Date(nowMillis).toISOString(),
    processes: processes.map(({ process: { name, state, isRunning }, language, trials }) => ({
      name,
      state,
      isRunning,
      language,
      trials,
    })),
  };
}

function row([what, text]: readonly [string, string]): string {
  return `  ${what.padEnd(11)} ${text}`;
}

function processRows(
  { process, language, trials, notTried, lastLines }: Examined,
  nowMillis: number,
): readonly (readonly [string, string])[] {
  const { name, state, startedMillis } = process;
  const since = startedMillis === undefined ? "" : ` for ${duration(nowMillis - startedMillis)}`;
  return [
    ["process", `${name}: ${state}${since}${language === undefined ? "" : `, ${sdks[language].title}`}`],
    ...(notTried === undefined ? [] : [["tried", `nothing: ${notTried}`] as const]),
    ...lastLines.split("\n").flatMap((line) => (line === "" ? [] : [["said", visible(line, 200)] as const])),
    ...trials.map(({ endpoint, result }) => {
      const how = endpoint.protocol === "grpc" ? "gRPC" : "HTTP";
      const said = result.step === "ok" ? result.seen : `failed at ${steps[result.step]}: ${result.seen}`;
      return ["tried", `an empty export by ${how} from there to ${addressText(endpoint)}: ${said}`] as const;
    }),
  ];
}

const steps = { connect: "the connection", tls: "TLS", protocol: "the protocol", answer: "the answer" } as const;

function deliveryText({ signal, accepted, refused, sent, failed, queued }: Delivery): string {
  const taken = Object.entries(accepted).map(([transport, count]) => `${count} by ${transport}`);
  const waiting = `${Math.round(queued / 1024)} KiB wait`;
  return `${signal} of all services in 5 min: ${taken.length === 0 ? "0" : taken.join(", ")} accepted, ${refused} refused, ${sent} sent, ${failed} failed, ${waiting}`;
}

function ageText(millis: number | undefined, nowMillis: number): string {
  if (millis === undefined) return `none in ${duration(lookbackMillis)}`;
  return `newest ${duration(nowMillis - millis)} ago`;
}

function agesText(newest: Newest, nowMillis: number): string {
  return signals.map((signal) => `${signal} ${cell(newest, signal, nowMillis)}`).join(", ");
}

function cell(newest: Newest, signal: Signal, nowMillis: number): string {
  const millis = newest[signal];
  return millis === undefined ? "none" : duration(nowMillis - millis);
}

/** Every service with the age of its newest record of each signal. */
export function servicesTable(
  services: readonly (readonly [name: string, newest: Newest])[],
  nowMillis: number,
): string {
  const width = Math.max("service".length, ...services.map(([name]) => name.length));
  const line = (name: string, cells: readonly string[]): string =>
    `  ${name.padEnd(width)}  ${cells.map((text) => text.padStart(8)).join("")}`;
  return [
    line("service", signals),
    ...services.map(([name, newest]) =>
      line(
        name,
        signals.map((signal) => cell(newest, signal, nowMillis)),
      ),
    ),
    "",
    `  how long ago the newest record of each was made; none: none in ${duration(lookbackMillis)}`,
  ].join("\n");
}

/** A time in the largest unit that fits: `12 s`, `3 min`, `5 h`. */
export function duration(millis: number): string {
  const seconds = Math.max(0, Math.round(millis / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
