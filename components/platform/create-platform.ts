import * as pulumi from "@pulumi/pulumi";
import { imageDelivery } from "../../config/kubernetes.ts";
import { stackOwner } from "../../config/names.ts";
import { partEntries, parts } from "../../config/parts/parts.ts";
import { problemLines } from "../../config/problem.ts";
import type { StackSettings } from "../../config/settings.ts";
import { resolveDockerHost } from "./docker/docker-host.ts";
import { DockerPlatform } from "./docker/docker-platform.ts";
import { deliverImage } from "./kubernetes/deliver-image.ts";
import { KubernetesPlatform } from "./kubernetes/kubernetes-platform.ts";
import type { Platform } from "./platform.ts";
import { isWatched, watched } from "./watch-workloads.ts";

/** The platform that the settings ask for: the only place that knows which platforms there are. */
export function createPlatform(
  resourcePrefix: string,
  settings: StackSettings,
  opts: { readonly parent: pulumi.Resource },
): Platform {
  const platform = platforms[settings.target](resourcePrefix, settings, opts);
  if (pulumi.runtime.hasEngine()) refuseAtTheEnd(platform);
  return watched(platform);
}

/**
 * Ends a run of the engine with an error if the settings are about workloads that the program has not declared. Which
 * ones it declares is known when nothing of it is left to do: a preview fails, as does whatever comes after it.
 */
function refuseAtTheEnd(platform: Platform): void {
  process.once("beforeExit", () => {
    const lines = problemLines(platform.leftOverSettings());
    if (lines.length > 0) throw new pulumi.RunError(lines.join("\n"));
  });
}

type Create = (resourcePrefix: string, settings: StackSettings, opts: { readonly parent: pulumi.Resource }) => Platform;

const platforms: Readonly<Record<StackSettings["target"], Create>> = {
  docker: (resourcePrefix, settings, opts) =>
    new DockerPlatform(
      {
        resourcePrefix,
        name: settings.name,
        owner: programOwner(),
        host: dockerHost(settings),
        buildPlatform: settings.docker.buildPlatform,
        helperImage: settings.images.victoriaMetrics,
      },
      opts,
    ),
  kubernetes: (resourcePrefix, settings, opts) => {
    const { kubernetes } = settings;
    const command = imageDelivery(kubernetes);
    return new KubernetesPlatform(
      {
        resourcePrefix,
        name: settings.name,
        owner: programOwner(),
        settings: kubernetes,
        storageGib: Object.fromEntries(
          partEntries.map(([name, { data }]) => [data.volume, kubernetes.storageGib[name]]),
        ),
        ingress: kubernetes.ingress.host === "" ? {} : { [parts.grafana.host]: kubernetes.ingress },
        openBackends: partEntries.flatMap(([name, part]) =>
          part.opensElsewhere(Reflect.get(settings, name)) ? [part.host] : [],
        ),
        dockerHost: () => dockerHost(settings),
        buildPlatform: settings.docker.buildPlatform,
        deliver:
          command === undefined
            ? undefined
            : (image) => deliverImage(command, image, settings.docker.host ?? resolveDockerHost(process.env)),
      },
      opts,
    );
  },
};

function programOwner(): string {
  return stackOwner(pulumi.getProject(), pulumi.getStack());
}

/** Address of the daemon; of a program that is only looked at it stays open. */
function dockerHost({ docker }: StackSettings): pulumi.Input<string> {
  return docker.host ?? (isWatched() ? unknownText() : resolveDockerHost(process.env));
}

/** What a deployment would find out from the machine that it runs on. */
function unknownText(): pulumi.Output<string> {
  return pulumi.output<string>(pulumi.unknown as never);
}
