import * as pulumi from "@pulumi/pulumi";
import { withCode } from "../../config/coded-error.ts";
import { imageDelivery } from "../../config/image-delivery.ts";
import { stackOwner } from "../../config/names.ts";
import { partEntries, parts } from "../../config/parts/parts.ts";
import { problemLines } from "../../config/problem.ts";
import type { StackIdentity, StackSettings } from "../../config/settings-and-defaults.ts";
import { resolveDockerHost } from "./docker/docker-host.ts";
import { givenDockerProvider, newDockerProvider } from "./docker/docker-provider.ts";
import { DockerPlatform } from "./docker/docker-platform.ts";
import { deliverImage } from "./kubernetes/deliver-image.ts";
import { givenKubernetesProvider, newKubernetesProvider } from "./kubernetes/kubernetes-provider.ts";
import { KubernetesPlatform } from "./kubernetes/kubernetes-platform.ts";
import type { Platform, PlatformArgs } from "./platform.ts";
import { isWatched, watched } from "./watch-workloads.ts";

/** Where a platform stands in a program. */
export interface PlatformOptions {
  readonly parent: pulumi.Resource;
  /** Providers that the program hands over; without one the settings say where Docker or the cluster is. @default none */
  readonly providers?: GivenProviders;
  /** Whether another program has the stack. @default false */
  readonly isJoined?: boolean;
}

/** The platform that the settings ask for: the only place that knows which platforms there are. */
export function createPlatform(
  resourcePrefix: string,
  settings: StackSettings,
  { parent, providers = givenProviders({}), isJoined = false }: PlatformOptions,
): Platform {
  const { name, docker } = settings;
  const owner = stackOwner(pulumi.getProject(), pulumi.getStack());
  const args = { resourcePrefix, name, owner, isJoined, buildPlatform: docker.buildPlatform };
  const platform = platforms[settings.target](args, settings, parent, providers);
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
    if (lines.length > 0) throw new pulumi.RunError(withCode("OBS1004", lines.join("\n")));
  });
}

/** Providers of the program's own, by the package. */
export interface GivenProviders {
  readonly docker: ReturnType<typeof givenDockerProvider>;
  readonly kubernetes: ReturnType<typeof givenKubernetesProvider>;
}

/** The providers among the options of a component. */
export function givenProviders(opts: pulumi.ComponentResourceOptions): GivenProviders {
  return { docker: givenDockerProvider(opts), kubernetes: givenKubernetesProvider(opts) };
}

/** What the settings of a stack are judged by beside themselves: the program that runs, and its providers. */
export function programIdentity({ kubernetes }: GivenProviders): StackIdentity {
  return { project: pulumi.getProject(), stack: pulumi.getStack(), hasCluster: kubernetes !== undefined };
}

type Create = (
  args: PlatformArgs,
  settings: StackSettings,
  parent: pulumi.Resource,
  providers: GivenProviders,
) => Platform;

const platforms: Readonly<Record<StackSettings["target"], Create>> = {
  docker: (args, settings, parent, providers) => {
    const helperImage = settings.images.victoriaMetrics;
    const provider = providers.docker ?? newDockerProvider(args, dockerHost(settings), { parent });
    return new DockerPlatform({ ...args, provider, helperImage }, { parent });
  },
  kubernetes: (args, settings, parent, providers) => {
    const { docker, kubernetes } = settings;
    const { ingress } = kubernetes;
    const command = imageDelivery(kubernetes);
    const builder = (): string => docker.host ?? resolveDockerHost(process.env);
    return new KubernetesPlatform(
      {
        ...args,
        settings: kubernetes,
        ingress: ingress.host === "" ? {} : { [parts.grafana.host]: ingress },
        openBackends: partEntries.flatMap(([name, part]) =>
          part.opensElsewhere(Reflect.get(settings, name), settings.alerts) ? [part.host] : [],
        ),
        provider: providers.kubernetes ?? newKubernetesProvider(args, kubernetes, { parent }),
        dockerProvider: () => providers.docker ?? newDockerProvider(args, dockerHost(settings), { parent }),
        deliver: command === undefined ? undefined : (image) => deliverImage(command, image, builder()),
      },
      { parent },
    );
  },
};

/** Address of the daemon. Of a program that is only looked at it is unknown: the machine is not asked. */
function dockerHost({ docker }: StackSettings): pulumi.Input<string> {
  const unknown = (): pulumi.Output<string> => pulumi.output<string>(pulumi.unknown as never);
  return docker.host ?? (isWatched() ? unknown() : resolveDockerHost(process.env));
}
