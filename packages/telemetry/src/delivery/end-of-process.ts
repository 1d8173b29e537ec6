import { Server as HttpServer } from "node:http";
import { Server as HttpsServer } from "node:https";
import { Server } from "node:net";
import { constants } from "node:os";

/** How the telemetry takes part in the end of the process. */
export interface ShutdownOptions {
  /**
   * Who ends the process on SIGTERM and SIGINT. `"auto"`: whoever else listens for the signal, such as Nest, Fastify or
   * the application, and what waits is delivered meanwhile; if nobody does, the telemetry, once everything is delivered.
   * `true`: always the telemetry. `false`: never; it does not listen at all.
   *
   * @default "auto"
   */
  readonly signals?: boolean | "auto";
  /**
   * How long all of it may take after a signal, callbacks included, in milliseconds. Stay below the time after which
   * the platform kills: 30 s on Kubernetes, 10 s with `docker stop` unless it is told otherwise.
   *
   * @default 25000
   */
  readonly timeoutMillis?: number;
  /** How long one callback of `onShutdown` may take, in milliseconds. @default 10000 */
  readonly callbackTimeoutMillis?: number;
  /**
   * How long the process goes on after an exception that nobody caught, in milliseconds. Its state is unknown then, so
   * it is short. @default 3000
   */
  readonly crashTimeoutMillis?: number;
}

/** What {@link takePartInEnd} needs of the telemetry. */
export interface EndOfProcess {
  readonly options: ShutdownOptions;
  /** Delivers what waits and goes on. @param millis at most so long */
  readonly flush: (millis: number) => Promise<void>;
  /** Delivers what waits and ends. @param millis at most so long */
  readonly shutdown: (millis: number) => Promise<void>;
  /** Ends at once, and says what is lost. */
  readonly giveUp: (why: string) => void;
  /** Told of an exception that ends the process. */
  readonly onCrash: (error: unknown) => void;
  /** Told of a callback that failed or took too long. */
  readonly onCallbackFailure: (error: Error) => void;
}

/** The process's end, as the telemetry takes part in it. */
export interface TakingPart {
  /** See `Telemetry.onShutdown`. */
  readonly onShutdown: (callback: () => unknown) => void;
  /** See `Telemetry.shutdown`. */
  readonly shutdown: () => Promise<void>;
}

const signals = ["SIGTERM", "SIGINT"] as const;

/** Has what waits delivered before the process ends, however it ends, and stays out of the way of who ends it. */
export function takePartInEnd(end: EndOfProcess): TakingPart {
  const {
    signals: endsOnSignal = "auto",
    timeoutMillis = 25_000,
    callbackTimeoutMillis = 10_000,
    crashTimeoutMillis = 3000,
  } = end.options;
  const callbacks: (() => unknown)[] = [];
  let ending: Promise<void> | undefined;

  const runCallbacks = async (until: number): Promise<void> => {
    for (const callback of callbacks) {
      const millis = Math.min(callbackTimeoutMillis, until - performance.now());
      try {
        await within(millis, async () => settled(await callback()));
      } catch (error) {
        end.onCallbackFailure(error instanceof Error ? error : new Error(String(error)));
        process.exitCode = 1;
      }
    }
  };
  const shutdown = (millis: number): Promise<void> =>
    (ending ??= (async () => {
      const until = performance.now() + millis;
      // A fifth of the time is left to the delivery, whatever the callbacks do.
      await runCallbacks(until - millis / 5);
      await end.shutdown(Math.max(0, until - performance.now()));
    })());

  if (endsOnSignal !== false) {
    for (const signal of signals) {
      const listener = (): void => {
        if (endsOnSignal === "auto" && othersListen(signal)) {
          void end.flush(timeoutMillis);
          return;
        }
        void shutdown(timeoutMillis).then(() => {
          dieOf(signal, listener, endsOnSignal === true);
        });
      };
      // Before all others: those that are called once would be gone already, and not be seen.
      process.prependListener(signal, listener);
    }
  }

  let othersCatch = false;
  process.on("uncaughtExceptionMonitor", (error) => {
    // Asked here, for the same reason.
    othersCatch = process.listenerCount("uncaughtException") > 1;
    end.onCrash(error);
  });
  process.on("uncaughtException", () => {
    if (othersCatch) {
      void end.flush(crashTimeoutMillis);
      return;
    }
    process.exitCode = 1;
    void shutdown(crashTimeoutMillis).then(() => process.exit(1));
    // Also if a shutdown has been going on for longer.
    setTimeout(() => process.exit(1), crashTimeoutMillis);
  });
  process.once("beforeExit", () => void shutdown(timeoutMillis));
  process.once("exit", () => {
    end.giveUp("the process has ended");
  });

  return {
    onShutdown: (callback) => {
      callbacks.push(callback);
    },
    shutdown: () => shutdown(timeoutMillis),
  };
}

/** Ends the process as the signal would have ended it without a listener, so that its exit status says so. */
function dieOf(signal: (typeof signals)[number], own: () => void, whoeverListens: boolean): void {
  process.removeListener(signal, own);
  if (whoeverListens) process.removeAllListeners(signal);
  // The kernel does not kill the first process of a container by a signal that nobody listens for.
  if (process.pid === 1) process.exit(128 + constants.signals[signal]);
  process.kill(process.pid, signal);
}

/**
 * Whether anybody but the telemetry listens for a signal and will end the process. The package `signal-exit`, which many
 * packages bring along, listens as well but ends the process only if nobody else listens.
 */
function othersListen(signal: NodeJS.Signals): boolean {
  return process.listenerCount(signal) - 1 - signalExitListeners() > 0;
}

/** Listeners of every copy of `signal-exit`: versions 2 and 3 count themselves on the process, version 4 on the global. */
function signalExitListeners(): number {
  const holders: readonly unknown[] = [
    Reflect.get(process, "__signal_exit_emitter__"),
    Reflect.get(globalThis, Symbol.for("signal-exit emitter")),
  ];
  return holders.reduce<number>((sum, holder) => {
    const count: unknown = typeof holder === "object" && holder !== null ? Reflect.get(holder, "count") : 0;
    return sum + (typeof count === "number" ? count : 0);
  }, 0);
}

/** Waits for what a callback has returned: a promise, or a server that it has closed until its connections are gone. */
async function settled(result: unknown): Promise<void> {
  if (!(result instanceof Server) || result.listening) return;
  const open = await new Promise<number>((resolve) => {
    result.getConnections((_error, count) => {
      resolve(count);
    });
  });
  if (open === 0) return;
  // A connection that has become idle after the server was told to close would be kept for the client's next request.
  const idle = setInterval(() => {
    if (result instanceof HttpServer || result instanceof HttpsServer) result.closeIdleConnections();
  }, 20);
  await new Promise((resolve) => result.once("close", resolve));
  clearInterval(idle);
}

/** @throws Error if it takes longer, or whatever it throws */
async function within(millis: number, run: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`took longer than ${Math.max(0, Math.round(millis))} ms`));
    }, millis);
  });
  try {
    await Promise.race([run(), late]);
  } finally {
    clearTimeout(timer);
  }
}
