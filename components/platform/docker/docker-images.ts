import { createHash } from "node:crypto";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { problemIf, type Problem } from "../../../config/problem.ts";
import type { PlatformArgs } from "../platform.ts";
import type { WorkloadImage } from "../workload.ts";
import { contentHash } from "./content-hash.ts";

/**
 * What stands before the name of every image that a program builds. Each program that has joined a stack has a name of its own
 * for an image: two resources of one name would take it away from each other.
 */
export function builtPrefix({ name, owner, isJoined }: Pick<PlatformArgs, "name" | "owner" | "isJoined">): string {
  return isJoined ? `${name}-${createHash("sha256").update(owner).digest("hex").slice(0, 8)}-` : `${name}-`;
}

/** What the images of a stack are made from. */
export interface DockerImagesArgs extends Pick<PlatformArgs, "resourcePrefix" | "buildPlatform"> {
  /** Put before the name of every image that is built, for instance `observability-dev-`. */
  readonly builtPrefix: string;
  readonly parent: pulumi.Resource;
  readonly provider: () => docker.Provider;
}

/** Images for a platform that runs them elsewhere: the daemon is asked for only if there is one to build. */
export function dockerBuilder(args: Omit<DockerImagesArgs, "provider">, create: () => docker.Provider): DockerImages {
  let provider: docker.Provider | undefined;
  return new DockerImages({ ...args, provider: () => (provider ??= create()) });
}

/** The images of a stack in one Docker daemon, each once however many workloads use it. */
export class DockerImages {
  private readonly args: DockerImagesArgs;
  private readonly images = new Map<string, { readonly image: WorkloadImage; readonly resource: docker.RemoteImage }>();

  constructor(args: DockerImagesArgs) {
    this.args = args;
  }

  /** Two builds under one name would take turns in being the image of that name. */
  conflicts(path: string, image: WorkloadImage): readonly Problem[] {
    if (image.kind !== "build" || this.images.has(keyOf(image))) return [];
    const { name, contextPath } = image;
    const isTaken = this.named(name).some((other) => other.kind === "build");
    const rule = `must be built one way only, as the image ${name} is already`;
    return problemIf(isTaken, path, rule, contextPath, "give one of two folders another name");
  }

  /** The image in the daemon: pulled only if it does not have it, or built. */
  get(image: WorkloadImage): docker.RemoteImage {
    const key = keyOf(image);
    const known = this.images.get(key);
    if (known !== undefined) return known.resource;
    const stem = imageStem(image);
    const sameStem = this.named(stem);
    const resource = new docker.RemoteImage(
      `${this.args.resourcePrefix}-image-${stem}${sameStem.length === 0 ? "" : `-${sameStem.length + 1}`}`,
      image.kind === "build" ? this.build(image) : { name: image.reference, keepLocally: true },
      { parent: this.args.parent, provider: this.args.provider() },
    );
    this.images.set(key, { image, resource });
    return resource;
  }

  /** Reference of the image, known when it is in the daemon. */
  built(image: WorkloadImage): pulumi.Output<string> {
    const { name, imageId } = this.get(image);
    return pulumi.all([name, imageId]).apply(([reference]) => reference);
  }

  private named(stem: string): readonly WorkloadImage[] {
    return [...this.images.values()].flatMap(({ image }) => (imageStem(image) === stem ? [image] : []));
  }

  /** The tag names the content, so an image that was built for other content is never taken for this one. */
  private build(image: Extract<WorkloadImage, { kind: "build" }>): docker.RemoteImageArgs {
    const { contextPath, dockerfile, buildArgs } = image;
    const { buildPlatform: platform, builtPrefix } = this.args;
    const hash = contentHash(contextPath, dockerfile, JSON.stringify({ buildArgs, platform }));
    const chosen = platform === undefined ? {} : { platform };
    return {
      name: `${builtPrefix}${image.name}:${hash}`,
      build: { context: contextPath, dockerfile, buildArgs: { ...buildArgs }, ...chosen },
    };
  }
}

/** Images of one key are one image. */
function keyOf(image: WorkloadImage): string {
  return JSON.stringify(image.kind === "later" ? { kind: image.kind, name: image.name } : image);
}

function imageStem(image: WorkloadImage): string {
  return image.kind === "reference" ? repositoryName(image.reference) : image.name;
}

/** `registry.example.com/grafana/loki:3.7.8` is `grafana-loki`: stable over versions and registries. */
function repositoryName(reference: string): string {
  const repository = reference.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  return repository.split("/").slice(-2).join("-");
}
