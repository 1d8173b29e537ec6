import { z } from "zod";

const withMessage = z.looseObject({ message: z.string() });

/** The message of an error, or of whatever else has one: a WebSocket that does not open throws an event. */
export function messageOf(error: unknown): string {
  return withMessage.safeParse(error).data?.message ?? String(error);
}

const withCode = z.looseObject({ code: z.union([z.string(), z.number()]) });

/** The code of an error of the system (`ENOENT`), or of a program that has ended with one; `undefined` for any other. */
export function codeOf(error: unknown): string | number | undefined {
  return error instanceof Error ? withCode.safeParse(error).data?.code : undefined;
}

/** Why a server could not be asked. What `fetch` throws says only "fetch failed"; its cause says why. */
export function whyNotReached(error: unknown): string {
  return error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
}
