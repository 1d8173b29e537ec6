import type { KubernetesSettings } from "./kubernetes-settings.ts";

/**
 * The shell command that brings an image from the local Docker into the cluster, the image's reference in `$IMAGE`;
 * `undefined` if the settings name none and the context is none of a cluster on this machine.
 */
export function imageDelivery({
  registry,
  loadCommand,
  context,
}: Pick<KubernetesSettings, "registry" | "loadCommand" | "context">): string | undefined {
  if (registry !== "") return 'docker push --quiet "$IMAGE"';
  if (loadCommand !== "") return loadCommand;
  const kind = /^kind-(\w[\w.-]*)$/.exec(context)?.[1];
  if (kind !== undefined) return `kind load docker-image "$IMAGE" --name ${kind}`;
  if (context === "minikube") return 'minikube image load "$IMAGE"';
  const k3d = /^k3d-(\w[\w.-]*)$/.exec(context)?.[1];
  if (k3d !== undefined) return `k3d image import "$IMAGE" --cluster ${k3d}`;
  if (/^k3s(-|$)/.test(context)) return 'docker save "$IMAGE" | sudo k3s ctr images import -';
  return undefined;
}
