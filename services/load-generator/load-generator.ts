import type { Logger, Telemetry } from "@observability/telemetry";
import type { Language } from "../shared/execution.ts";
import { toError } from "../shared/instruments.ts";

/** What the load generator is told. */
export interface LoadSettings {
  readonly requestsPerSecond: number;
  /** Base address of the backend. */
  readonly targetUrl: string;
}

/** What a few users might submit. */
const samples: readonly { readonly language: Language; readonly script: string }[] = [
  { language: "python", script: "print(sum(range(100)))" },
  { language: "javascript", script: "console.log([3, 1, 2].toSorted())" },
  { language: "go", script: 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }' },
  { language: "python", script: "import json\nprint(json.dumps({'answer': 42}))" },
  { language: "ruby", script: "puts (1..10).select(&:even?)" },
  { language: "bash", script: "for i in 1 2 3; do echo $i; done" },
];

/** Requests that may wait for an answer at the same time; above it the schedule skips. */
const maxInFlight = 64;

/** Longest wait for an answer. */
const timeoutMillis = 10_000;

/**
 * Reads `REQUESTS_PER_SECOND` (default 2) and `TARGET_URL` (default `http://backend:8080`).
 *
 * @throws Error when the rate is not a number from 0.001 to 1000, or the address is not http.
 */
export function parseLoadSettings(env: Readonly<Record<string, string | undefined>>): LoadSettings {
  const rate = env["REQUESTS_PER_SECOND"] ?? "2";
  const requestsPerSecond = rate.trim() === "" ? Number.NaN : Number(rate);
  if (!(requestsPerSecond >= 0.001 && requestsPerSecond <= 1_000)) {
    throw new Error(
      `REQUESTS_PER_SECOND: must be a number from 0.001 to 1000, got "${rate}"; use for example 2 or 0.5`,
    );
  }
  const targetUrl = env["TARGET_URL"] ?? "http://backend:8080";
  if (!/^https?:$/.test(URL.parse(targetUrl)?.protocol ?? "")) {
    throw new Error(`TARGET_URL: must be an http address, got "${targetUrl}"; use for example http://backend:8080`);
  }
  return { requestsPerSecond, targetUrl: targetUrl.replace(/\/+$/, "") };
}

/**
 * Submits executions at a steady rate, whether or not earlier ones have been answered. Says once when the backend
 * goes away and once when it is back. Ends when the process is asked to stop.
 */
export function startLoadGenerator(telemetry: Telemetry, { requestsPerSecond, targetUrl }: LoadSettings): void {
  const submit = createSubmit(`${targetUrl}/api/v1/executions`, telemetry.logger);
  let inFlight = 0;
  const stop = startPacing(requestsPerSecond, (index) => {
    if (inFlight >= maxInFlight) return;
    inFlight += 1;
    void submit(index).finally(() => {
      inFlight -= 1;
    });
  });
  telemetry.onShutdown(stop);
  telemetry.logger.info({ requestsPerSecond, targetUrl }, "load-generator is ready");
}

/**
 * Calls `tick` at a steady rate. A late call does not make the next one late; what was missed for longer than a second,
 * for instance while the machine slept, is not made up for.
 *
 * @returns a function that ends it
 */
export function startPacing(perSecond: number, tick: (index: number) => void): () => void {
  let index = 0;
  let dueAt = performance.now();
  let timer = setTimeout(next, 0);
  return () => {
    clearTimeout(timer);
  };

  function next(): void {
    tick(index);
    index += 1;
    const now = performance.now();
    dueAt = Math.max(dueAt + 1_000 / perSecond, now - 1_000);
    timer = setTimeout(next, Math.max(0, dueAt - now));
  }
}

function createSubmit(url: string, logger: Logger): (index: number) => Promise<void> {
  let backendAnswers = true;
  return async (index) => {
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(samples[index % samples.length]),
        signal: AbortSignal.timeout(timeoutMillis),
      });
      await response.arrayBuffer();
      if (!backendAnswers) logger.info("the backend answers again");
      backendAnswers = true;
    } catch (error) {
      const { cause, message } = toError(error);
      const reason = cause instanceof Error ? cause.message : message;
      if (backendAnswers) logger.warn({ reason }, "the backend does not answer, trying on");
      backendAnswers = false;
    }
  };
}
