import type { ProgramSettings } from "../../config/program-settings.ts";
import { stackOwner } from "../../config/names.ts";
import type { InstanceOutput, InstanceState } from "../instances.ts";
import type { StackOutputs } from "../outputs.ts";
import { projectName, stateFolder } from "../project.ts";
import { Ownership } from "../ownership.ts";
import type { KnownState } from "../state.ts";
import { plannedImages } from "../preview/planned-images.ts";
import type { Plan } from "../preview/planned-program.ts";
import type { Say, Target } from "../target.ts";
import { checkConfiguration } from "./configuration-check.ts";
import { Docker } from "./docker.ts";
import { pullMissing } from "./images.ts";
import { instanceStates } from "./instances.ts";
import { checkVolumes, removeLeftOvers } from "./left-overs.ts";
import { checkRoom, filledFolders } from "./room.ts";

/** A stack on a Docker daemon. */
export class DockerTarget implements Target {
  readonly instanceWord = "container";
  readonly startMillis = 90_000;
  readonly foreignTypes = /^kubernetes:/;
  readonly needsOpen = false;
  readonly furtherUrls = [];
  private readonly settings: ProgramSettings;
  private readonly stackName: string;
  private readonly docker: Docker;

  private readonly plan: Plan;

  /** @param docker @default the daemon of the settings */
  constructor(
    settings: ProgramSettings,
    stackName: string,
    plan: Plan,
    docker: Docker = new Docker(settings.stack.docker.host),
  ) {
    this.settings = settings;
    this.stackName = stackName;
    this.plan = plan;
    this.docker = docker;
  }

  private ownership(state: KnownState): Ownership {
    return new Ownership(this.stackName, this.settings.stack.name, state);
  }

  async describe(): Promise<string> {
    return `Docker ${await this.docker.serverVersion()}`;
  }

  async recover(state: KnownState, say: Say): Promise<readonly string[]> {
    return removeLeftOvers(this.ownership(state), this.docker, say);
  }

  /** A volume has the name that the program gives it, so Docker's provider finds it. */
  takeOver(leftData: readonly string[], say: Say): void {
    for (const volume of leftData) say(`the volume ${volume} is not in the state: taking it over with its data`);
  }

  async checkSoleOwner(state: KnownState): Promise<void> {
    await checkVolumes(state, this.ownership(state), this.docker);
  }

  async removeLeftData(_state: KnownState, leftData: readonly string[]): Promise<void> {
    if (leftData.length > 0) await this.docker.run(["volume", "rm", ...leftData]);
  }

  async checkRoom(state: KnownState): Promise<void> {
    const folders = await filledFolders(stateFolder, this.docker);
    await checkRoom(await this.plan(), this.ownership(state), this.docker, folders);
  }

  async prepareImages(say: Say): Promise<void> {
    const { resources } = await this.plan();
    await pullMissing(plannedImages(resources), this.docker, say);
  }

  async checkConfiguration(): Promise<void> {
    await checkConfiguration(this.settings.stack, stackOwner(projectName, this.stackName), this.docker);
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
  async failFast<Result>(action: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
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
