import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { PlatformArgs } from "../platform.ts";
import { givenProvider } from "../given-provider.ts";

/** The provider of Docker among the options of a component; `undefined` if there is none. */
export function givenDockerProvider(opts: pulumi.ComponentResourceOptions): docker.Provider | undefined {
  return givenProvider(docker.Provider, "docker:index/container:Container", opts);
}

/** The stack's own provider, for the daemon at an address. */
export function newDockerProvider(
  { resourcePrefix }: Pick<PlatformArgs, "resourcePrefix">,
  host: pulumi.Input<string>,
  opts: { readonly parent: pulumi.Resource },
): docker.Provider {
  return new docker.Provider(`${resourcePrefix}-docker`, { host }, opts);
}
