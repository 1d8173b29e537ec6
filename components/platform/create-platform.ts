import * as pulumi from "@pulumi/pulumi";
import type { StackSettings } from "../../config/settings.ts";
import { DockerPlatform } from "./docker/docker-platform.ts";
import type { Platform } from "./platform.ts";
import { isWatched, watched } from "./watch-workloads.ts";

/** The platform that the settings ask for: the only place that knows which platforms there are. */
export function createPlatform(
  resourcePrefix: string,
  settings: StackSettings,
  opts: { readonly parent: pulumi.Resource },
): Platform {
  return watched(platforms[settings.target](resourcePrefix, settings, opts));
}

type Create = (resourcePrefix: string, settings: StackSettings, opts: { readonly parent: pulumi.Resource }) => Platform;

const platforms: Readonly<Record<StackSettings["target"], Create>> = {
  docker: (resourcePrefix, settings, opts) =>
    new DockerPlatform(
      {
        resourcePrefix,
        name: settings.name,
        host: settings.docker.host ?? (isWatched() ? unknownText() : undefined),
        helperImage: settings.images.victoriaMetrics,
      },
      opts,
    ),
  kubernetes: () => {
    throw new Error("not yet");
  },
};

/** What a deployment would find out from the machine that it runs on. */
function unknownText(): pulumi.Output<string> {
  return pulumi.output<string>(pulumi.unknown as never);
}
