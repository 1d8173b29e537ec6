import { portOf, type AnyPart, type Signal, type Target } from "./part.ts";

/*
 * How a part finds others among all of them, by what they are and not by their names.
 */

/** The part that Grafana asks for a signal in one way. @param who needs it, for the error. @throws Error if there is none. */
export function storeAmong(all: readonly AnyPart[], signal: Signal, type: string, who: string): Target {
  const stores = all.flatMap((each) => {
    const { datasource } = each;
    const isAsked = datasource !== "none" && datasource.signal === signal && datasource.type === type;
    return isAsked ? [target(each, datasource.port)] : [];
  });
  return found(stores, `${who}: must have a part that is asked for ${signal} as ${type} is`);
}

/** A part by one of its ports. */
export function target(each: AnyPart, port: string): Target {
  return { host: each.host, port: portOf(each, port) };
}

/** The first of some. @throws Error that says what there must be, if there is none. */
export function found([first]: readonly Target[], rule: string): Target {
  if (first === undefined) throw new Error(`${rule}, found none`);
  return first;
}

/** Base address of a part, without a slash at the end. */
export function urlOf({ host, port }: Target): string {
  return `http://${host}:${port}`;
}
