import { partList } from "../../config/parts/parts.ts";
import { whyNotReached } from "../errors.ts";
import { grafanaOf, HttpError } from "../grafana-client.ts";
import { instanceOf, isUp } from "../instances.ts";
import { urlOf, type StackOutputs } from "../outputs.ts";
import type { Target } from "../target.ts";
import { oneLine } from "../text.ts";
import { UserError } from "../user-error.ts";
import { processesNamed, type Facts } from "./diagnosis.ts";
import { examine, type Examined } from "./examine.ts";
import { canSeeProcesses, hostProcesses } from "./host-processes.ts";
import { serviceNameOf, type ServiceProcess } from "./service-process.ts";
import { nearNames, Stores, type Newest } from "./stores.ts";

/** How many names that may be meant are looked up. */
const mostNear = 8;

/**
 * Collects what is known of a service: its processes, whether they reach the Collector, and what has come of it.
 *
 * @param outputs addresses that can be reached
 * @throws UserError if Grafana, which the stores are asked through, does not answer.
 */
export async function factsAbout(
  asked: string,
  outputs: StackOutputs,
  target: Target,
  nowMillis: number,
): Promise<Facts> {
  return throughGrafana(outputs, () => collected(asked, outputs, target, nowMillis));
}

async function collected(asked: string, outputs: StackOutputs, target: Target, nowMillis: number): Promise<Facts> {
  const stores = storesOf(outputs, nowMillis);
  const [seen, known, deliveries, rejections] = await Promise.all([
    seenProcesses(outputs, target),
    stores.serviceNames(),
    stores.deliveries(),
    stores.rejections(),
  ]);
  const named = processesNamed(asked, seen);
  const [processes, [serviceName, newest]] = await Promise.all([
    examined(stores, asked, named),
    newestOf(stores, asked, named),
  ]);
  const near = nearNames(asked, known).filter((name) => name !== serviceName);
  return {
    asked,
    serviceName,
    nowMillis,
    processes,
    newest,
    near: await Promise.all(near.slice(0, mostNear).map(async (name) => [name, await stores.newest(name)] as const)),
    deliveries,
    rejections,
    notSeen: notSeen(target, named),
  };
}

/** Every service that has sent anything lately, with the age of each signal. */
export async function allServices(
  outputs: StackOutputs,
  nowMillis: number,
): Promise<readonly (readonly [name: string, newest: Newest])[]> {
  return throughGrafana(outputs, async () => {
    const stores = storesOf(outputs, nowMillis);
    const names = await stores.serviceNames();
    return Promise.all(names.map(async (name) => [name, await stores.newest(name)] as const));
  });
}

/** Says that Grafana has not answered, or a store behind it, which may go away while it is asked. @throws UserError with that */
async function throughGrafana<Result>(outputs: StackOutputs, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    // What `fetch` throws, what its end of patience throws, and an answer that is an error.
    const isOfNetwork =
      error instanceof Error &&
      (["fetch failed", "terminated"].includes(error.message) || error.name === "TimeoutError");
    if (!isOfNetwork && !(error instanceof HttpError)) throw error;
    const why = error instanceof HttpError ? error.message : whyNotReached(error);
    throw new UserError(
      "OBS1506",
      `Grafana: must answer at ${urlOf(outputs, "grafana")}, got: ${oneLine(why)}\n  next: npm run verify, which says what is down`,
      { cause: error },
    );
  }
}

/** @throws UserError if a part of the stack is down, which is the cause of all the rest. */
export async function checkParts({ instances }: StackOutputs, target: Target): Promise<void> {
  const ofParts = partList.flatMap(({ host }) => instanceOf(instances, host) ?? []);
  const states = await target.instanceStates(ofParts);
  const down = [...states].filter(([, state]) => !isUp(state)).map(([name, state]) => `${name} is ${state}`);
  if (down.length > 0)
    throw new UserError("OBS1501", `the stack itself does not run: ${down.join(", ")}\n  next: npm run up`);
}

function storesOf(outputs: StackOutputs, nowMillis: number): Stores {
  return new Stores(grafanaOf(outputs), nowMillis);
}

/** The processes of the target, and those of this machine if they have an address of the Collector. */
async function seenProcesses(outputs: StackOutputs, target: Target): Promise<readonly ServiceProcess[]> {
  const published = { grpc: urlOf(outputs, "otlpGrpc"), http: urlOf(outputs, "otlpHttp") };
  const there = await target.serviceProcesses(published);
  return [...there, ...hostProcesses(published)];
}

/** Looks at the processes, and at what was received of a name only if one of them does not tell its language. */
async function examined(stores: Stores, asked: string, named: readonly ServiceProcess[]): Promise<readonly Examined[]> {
  return Promise.all(
    named.map(async (process) => examine(process, () => stores.sdkLanguage(serviceNameOf(process) ?? asked))),
  );
}

/** What the stores have under the name that was asked for, or else under the one that the processes say they have. */
async function newestOf(
  stores: Stores,
  asked: string,
  named: readonly ServiceProcess[],
): Promise<readonly [serviceName: string, newest: Newest]> {
  const newest = await stores.newest(asked);
  const [said = asked] = named.flatMap((process) => serviceNameOf(process) ?? []);
  return said === asked || Object.keys(newest).length > 0 ? [asked, newest] : [said, await stores.newest(said)];
}

function notSeen(target: Target, named: readonly ServiceProcess[]): readonly string[] {
  const here = canSeeProcesses() ? "processes of other users" : "processes of this machine, which only Linux shows";
  return [
    ...(named.length > 0 ? [] : [`${here}, and what runs elsewhere than in a ${target.instanceWord} here`]),
    ...(named.length === 0
      ? []
      : ["what the code itself sets: only the environment that a process was started with is seen"]),
  ];
}
