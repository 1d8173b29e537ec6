import type { ProgramSettings } from "../../config/example-services.ts";
import type { InstanceOutput, InstanceState } from "../instances.ts";
import type { StackOutputs } from "../outputs.ts";
import { stateFolder } from "../project.ts";
import type { KnownState } from "../state.ts";
import type { Say, Target } from "../target.ts";
import { checkCollector } from "./collector-check.ts";
import { Docker } from "./docker.ts";
import { neededImages, pullMissing } from "./images.ts";
import { instanceStates } from "./instances.ts";
import { removeLeftOvers } from "./left-overs.ts";
import { checkPlace, filledFolders, plannedPlace } from "./place.ts";

/** A stack on a Docker daemon. */
export class DockerTarget implements Target {
  readonly instanceWord = "container";
  readonly startMillis = 90_000;
  readonly foreignTypes = /^kubernetes:/;
  readonly needsOpen = false;
  readonly furtherUrls = [];
  private readonly settings: ProgramSettings;
  private readonly docker: Docker;

  /** @param docker @default the daemon of the settings */
  constructor(settings: ProgramSettings, docker: Docker = new Docker(settings.stack.docker.host)) {
    this.settings = settings;
    this.docker = docker;
  }

  async describe(): Promise<string> {
    return `Docker ${await this.docker.serverVersion()}`;
  }

  async recover(state: KnownState, say: Say): Promise<readonly string[]> {
    return removeLeftOvers(state, this.docker, this.settings.stack.name, say);
  }

  /** A volume has the name that the program gives it, so Docker's provider finds it. */
  takeOver(leftData: readonly string[], say: Say): void {
    for (const volume of leftData) say(`the volume ${volume} is not in the state: taking it over with its data`);
  }

  async removeLeftData(leftData: readonly string[]): Promise<void> {
    if (leftData.length > 0) await this.docker.run(["volume", "rm", ...leftData]);
  }

  async checkRoom(): Promise<void> {
    await checkPlace(plannedPlace(this.settings), this.docker, await filledFolders(stateFolder, this.docker));
  }

  async prepareImages(say: Say): Promise<void> {
    await pullMissing(neededImages(this.settings), this.docker, say);
  }

  async checkConfiguration(): Promise<void> {
    await checkCollector(this.settings.stack, this.docker);
  }

  async instanceStates(instances: readonly InstanceOutput[]): Promise<ReadonlyMap<string, InstanceState>> {
    const names = instances.map(({ name }) => name);
    return instanceStates(this.docker, names, this.settings.stack.name);
  }

  isBroken(state: InstanceState): boolean {
    return state === "unhealthy" || state === "cut off";
  }

  async lastLines(instance: string, lines: number): Promise<string> {
    return (await this.docker.run(["logs", "--tail", String(lines), instance])).trim();
  }

  logCommand(instance: string, lines?: number): string {
    return `docker logs ${lines === undefined ? "" : `--tail ${lines} `}${instance}`;
  }

  /** Docker's provider ends by itself when a container does not come up. */
  async watch<Result>(action: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    return action(new AbortController().signal);
  }

  async reach<Result>(outputs: StackOutputs, action: (reached: StackOutputs) => Promise<Result>): Promise<Result> {
    return action(outputs);
  }

  async runIn(instance: string, command: readonly string[], line: string): Promise<void> {
    await this.docker.run(["exec", "--interactive", instance, ...command], { input: line });
  }

  async open(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}
