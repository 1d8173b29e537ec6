import { Provider } from "@pulumi/kubernetes/provider.js";
import type * as pulumi from "@pulumi/pulumi";
import type { KubernetesSettings } from "../../../config/kubernetes-settings.ts";
import { givenProvider } from "../given-provider.ts";
import type { PlatformArgs } from "../platform.ts";

/** The provider of Kubernetes among the options of a component; `undefined` if there is none. */
export function givenKubernetesProvider(opts: pulumi.ComponentResourceOptions): Provider | undefined {
  return givenProvider(Provider, "kubernetes:core/v1:Pod", opts);
}

/** The stack's own provider, for a context of the kubeconfig. */
export function newKubernetesProvider(
  { resourcePrefix, name }: Pick<PlatformArgs, "resourcePrefix" | "name">,
  { context, kubeconfig }: Pick<KubernetesSettings, "context" | "kubeconfig">,
  opts: { readonly parent: pulumi.Resource },
): Provider {
  return new Provider(
    `${resourcePrefix}-kubernetes`,
    {
      context,
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      // The provider's own changes with every edit of the kubeconfig, and a change replaces everything, data and all.
      clusterIdentifier: name,
    },
    opts,
  );
}
