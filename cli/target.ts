import type { Readable, Writable } from "node:stream";
import type { Store } from "./backup/store.ts";
import type { InstanceOutput, InstanceState } from "./instances.ts";
import type { StackOutputs } from "./outputs.ts";
import type { KnownState } from "./state.ts";
import type { ServiceProcess } from "./why/service-process.ts";

/** Prints a line of progress. */
export type Say = (line: string) => void;

/** What a script in the data of a store reads and writes. */
export interface DataStreams {
  /** @default nothing */
  readonly input?: Readable;
  /** Takes all that it writes, and is ended when it has ended well. @default nowhere */
  readonly output?: Writable;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

/** Everything that the commands ask of what a stack runs on. No command knows which target it works with. */
export interface Target {
  /** Word for what runs a workload there: `container`. */
  readonly instanceWord: string;
  /** How long the instances may take to be healthy once the deployment has ended, in milliseconds. */
  readonly startMillis: number;
  /** Types of Pulumi resources that another target makes: a state that holds one is not for this target. */
  readonly foreignTypes: RegExp;
  /** Whether the addresses in the outputs can be reached only while `npm run open` runs. */
  readonly needsOpen: boolean;
  /** Further addresses that users of a deployed stack have, each with what it is for. */
  readonly furtherUrls: readonly (readonly [name: string, url: string, purpose: string])[];

  /** Name and version, for the user to read; asked first. @throws UserError with why it cannot be reached. */
  describe(): Promise<string>;
  /**
   * Removes what an interrupted run has left at the target and not in the state, and says so; never data.
   *
   * @returns names of what holds data of this stack and is not in the state: of a deployment whose state is lost.
   * @throws UserError if the state belongs to another cluster.
   */
  recover(state: KnownState, say: Say): Promise<readonly string[]>;
  /** Lets a deployment use data that the state does not know. @throws UserError with what to do, if it cannot. */
  takeOver(leftData: readonly string[], say: Say): void;
  /** Makes sure that the data in the state is this stack's alone. @throws UserError with who has it as well. */
  checkSoleOwner(state: KnownState): Promise<void>;
  /** Removes data that the state does not know, and whatever else of the stack is still there. */
  removeLeftData(state: KnownState, leftData: readonly string[]): Promise<void>;
  /** Checks whether there is room. @throws UserError with every problem, before anything is created. */
  checkRoom(state: KnownState, say: Say): Promise<void>;
  /** Makes sure that every image is there. @throws UserError with every problem, before anything is created. */
  prepareImages(say: Say): Promise<void>;
  /** Brings images that Docker has on this machine to where the stack runs them. @throws UserError if it cannot */
  deliverImages(say: Say): Promise<void>;
  /**
   * Has programs check what the user adds to their configuration, as far as that needs no deployment.
   *
   * @throws UserError in the program's own words, before anything is created.
   */
  checkConfiguration(): Promise<void>;
  /**
   * What the target has of the resources in a state, as a text that is another one once a single one of them has changed.
   *
   * @returns `undefined` if it cannot be told in less time than a refresh takes, or without one at all.
   */
  observed(resources: KnownState["resources"]): Promise<string | undefined>;
  /** The state of each instance by name. */
  instanceStates(instances: readonly InstanceOutput[]): Promise<ReadonlyMap<string, InstanceState>>;
  /**
   * Every process there that may be a service, whoever has started it; the stack's own parts are none.
   *
   * @param published addresses of the Collector on this machine, by protocol
   */
  serviceProcesses(published: ServiceProcess["collector"]): Promise<readonly ServiceProcess[]>;
  /** Whether an instance in this state has to be replaced, since a deployment would leave it as it is. */
  isBroken(state: InstanceState): boolean;
  /** URNs of what was to run once and has failed, and would not run again by itself. */
  failedRuns(resources: KnownState["resources"]): readonly string[];
  /** The last lines of an instance's log. */
  lastLines(instance: string, lines: number): Promise<string>;
  /** The command that shows an instance's log. @param lines how many of its last lines, all if left out */
  logCommand(instance: string, lines?: number): string;
  /**
   * Runs an action that deploys or waits for what was deployed, and ends it by the signal as soon as there is a problem
   * that will not go away by waiting.
   *
   * @throws UserError with that problem.
   */
  failFast<Result>(action: (signal: AbortSignal) => Promise<Result>, say: Say): Promise<Result>;
  /** Makes the addresses in the outputs reachable while an action runs, which is given those that work meanwhile. */
  reach<Result>(outputs: StackOutputs, action: (reached: StackOutputs) => Promise<Result>, say: Say): Promise<Result>;
  /** Runs a command. @param line for its input, never shown @throws Error with what a failed one has written. */
  runIn(instance: string, command: readonly string[], line: string): Promise<void>;
  /** Ends what runs a store, as gracefully as its part asks for, and lets nothing start it again. */
  stop(store: Store): Promise<void>;
  /** Starts a store that was stopped; it may be up only later. One that was not stopped goes on. */
  start(store: Store): Promise<void>;
  /**
   * Runs a script of busybox in the folder of a store's data, as the user of the store and with no other rights. The store
   * is stopped meanwhile.
   *
   * @throws Error with what the script has written, or the reason of the signal; nothing of it runs any more then
   */
  inData(store: Store, script: string, streams: DataStreams): Promise<void>;
  /**
   * Makes the addresses in the outputs reachable until the result is called; `undefined` where they always are.
   *
   * @throws UserError with each port that another program has, and which program that is.
   */
  open(say: Say): Promise<(() => Promise<void>) | undefined>;
}
