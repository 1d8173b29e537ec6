import type { ProgramSettings } from "../../config/program-settings.ts";
import { stackOwner } from "../../config/names.ts";
import { Ownership } from "../ownership.ts";
import { plannedImages } from "../preview/planned-images.ts";
import type { Plan } from "../preview/planned-program.ts";
import { projectName } from "../project.ts";
import { stateFolder, type KnownState } from "../state.ts";
import type { Target } from "../target.ts";
import { checkConfiguration } from "./configuration-check.ts";
import { Docker } from "./docker.ts";
import { failedRuns } from "./failed-runs.ts";
import { pullMissing } from "./images.ts";
import { instanceStates } from "./instances.ts";
import { checkVolumes, removeLeftOvers } from "./left-overs.ts";
import { observedObjects } from "./observed.ts";
import { checkRoom, filledFolders } from "./room.ts";
import { serviceContainers } from "./service-containers.ts";
import { runInVolume } from "./volume-script.ts";

/** A stack on a Docker daemon. @param docker @default the daemon of the settings */
export function dockerTarget(
  { stack }: ProgramSettings,
  stackName: string,
  plan: Plan,
  docker = new Docker(stack.docker.host),
): Target {
  const ownership = (state: KnownState): Ownership => new Ownership(stackName, stack.name, state);
  return {
    instanceWord: "container",
    startMillis: 90_000,
    foreignTypes: /^kubernetes:/,
    needsOpen: false,
    furtherUrls: [],
    describe: async () => `Docker ${await docker.serverVersion()}`,
    recover: (state, say) => removeLeftOvers(ownership(state), docker, say),
    // A volume has the name that the program gives it, so Docker's provider finds it.
    takeOver: (leftData, say) => {
      for (const volume of leftData) say(`the volume ${volume} is not in the state: taking it over with its data`);
    },
    checkSoleOwner: (state) => checkVolumes(state, ownership(state), docker),
    removeLeftData: async (_, leftData) => {
      if (leftData.length > 0) await docker.run(["volume", "rm", ...leftData]);
    },
    checkRoom: async (state) => {
      const folders = await filledFolders(stateFolder, await docker.info());
      await checkRoom(await plan(), ownership(state), docker, folders);
    },
    prepareImages: async (say) => {
      const { resources } = await plan();
      await pullMissing(plannedImages(resources), docker, say);
    },
    // They are run by the daemon that has them.
    deliverImages: () => Promise.resolve(),
    checkConfiguration: () => checkConfiguration(stack, stackOwner(projectName, stackName), docker),
    observed: (resources) => observedObjects(resources, docker),
    instanceStates: (instances) => {
      const names = instances.map(({ name }) => name);
      return instanceStates(docker, names, stack.name);
    },
    serviceProcesses: (published) => serviceContainers({ docker, network: stack.name, published }),
    isBroken: (state) => state === "unhealthy" || state === "cut off",
    failedRuns,
    lastLines: async (instance, lines) => (await docker.run(["logs", "--tail", String(lines), instance])).trim(),
    logCommand: (instance, lines) => `docker logs ${lines === undefined ? "" : `--tail ${lines} `}${instance}`,
    // Docker's provider ends by itself when a container does not come up.
    failFast: (action) => action(new AbortController().signal),
    reach: (outputs, action) => action(outputs),
    runIn: async (instance, command, line) => {
      await docker.run(["exec", "--interactive", instance, ...command], { input: line });
    },
    stop: ({ instance }) => docker.runApart(["stop", instance.name]),
    start: ({ instance }) => docker.runApart(["start", instance.name]),
    inData: (store, script, streams) => {
      const place = {
        stackName: stack.name,
        owner: stackOwner(projectName, stackName),
        image: stack.images.victoriaMetrics,
      };
      return runInVolume(docker, place, store, script, streams);
    },
    open: () => Promise.resolve(undefined),
  };
}
