import type { PolicyResource, ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";
import { secretLooks } from "../config/secret-looks.ts";
import { entries, fields, podContainers, podSpec, texts, types, type Inputs } from "./inputs.ts";
import { brokenRules } from "./pod-security.ts";

type Policy = ResourceValidationPolicy | StackValidationPolicy;

/** What is wrong with a resource, a line each. */
type Check = (props: Inputs) => readonly string[];

/** A rule for the resources of one type. */
function ofType(type: string, name: string, description: string, check: Check): ResourceValidationPolicy {
  return {
    name,
    description,
    validateResource: (args, report) => {
      if (args.type === type) for (const problem of check(args.props)) report(problem);
    },
  };
}

/** A rule for the pods of every object of Kubernetes that makes some. */
function ofPods(name: string, description: string, check: Check): ResourceValidationPolicy {
  return {
    name,
    description,
    validateResource: (args, report) => {
      const pod = podSpec(args.type, args.props);
      if (pod !== undefined) for (const problem of check(pod)) report(problem);
    },
  };
}

/** A rule about several resources. */
function ofStack(
  name: string,
  description: string,
  check: (resources: readonly PolicyResource[]) => readonly (readonly [urn: string, problem: string])[],
): StackValidationPolicy {
  return {
    name,
    description,
    validateStack: ({ resources }, report) => {
      for (const [urn, problem] of check(resources)) report(problem, urn);
    },
  };
}

/** Whether a reference says which image it is: a digest, an id, or a tag that does not move by design. */
function isPinned(image: string): boolean {
  if (/(?:^|@)sha256:[0-9a-f]{64}$/.test(image)) return true;
  const tag = /:([^:/]+)$/.exec(image)?.[1];
  return tag !== undefined && tag !== "latest";
}

function imageProblems(images: readonly unknown[]): readonly string[] {
  return images
    .filter((image): image is string => typeof image === "string" && !isPinned(image))
    .map((image) => `image: must have a tag other than latest, or a digest, got ${image}; name the version`);
}

/** The variables of a container of Docker. */
function dockerVariables(props: Inputs): readonly (readonly [string, string])[] {
  return texts(props["envs"]).map((text) => {
    const end = text.indexOf("=");
    return end < 0 ? ([text, ""] as const) : ([text.slice(0, end), text.slice(end + 1)] as const);
  });
}

function variableProblems(variables: readonly (readonly [string, string])[]): readonly string[] {
  return variables.flatMap(([name, value]) => {
    const reason = secretLooks(name, value);
    const change = "hand it over as a file, or from a Secret";
    return reason === undefined
      ? []
      : [`${name}: must be no secret in an environment, got one that ${reason}; ${change}`];
  });
}

/** The one capability that a container may add, if it runs to its end: it hands a new volume to the user of a workload. */
const addedCapability = "CAP_CHOWN";

function runsOnce(props: Inputs): boolean {
  return props["mustRun"] === false;
}

const loopback = /^(?:127\.|::1$|\[::1\]$)/;

/** The rules that a stack and what runs beside it keep, on both targets. Each looks at all resources of a program. */
export const policies: readonly Policy[] = [
  ofType(types.container, "loopback-only", "A port of the host is open on loopback alone.", ({ ports }) =>
    entries(ports)
      .filter(({ ip = "0.0.0.0" }) => typeof ip === "string" && !loopback.test(ip))
      .map(
        ({ internal, ip = "0.0.0.0" }) =>
          `ports: must listen on 127.0.0.1, got ${String(ip)} for the port ${String(internal)}; set ip`,
      ),
  ),
  ofType(types.container, "image-version", "A container names the version of its image.", ({ image }) =>
    imageProblems([image]),
  ),
  ofType(types.image, "pulled-image-version", "An image that is pulled is named with its version.", ({ name }) =>
    imageProblems([name]),
  ),
  ofPods("pod-image-version", "A pod names the versions of its images.", (pod) =>
    imageProblems(podContainers(pod).map(({ image }) => image)),
  ),
  ofStack("kept-volumes", "A volume that a container writes to for as long as it runs is protected.", (resources) => {
    const written = resources
      .filter(({ type, props }) => type === types.container && !runsOnce(props))
      .flatMap(({ props }) => entries(fields(props)["volumes"]))
      .flatMap(({ volumeName, readOnly }) => (readOnly === true ? [] : [volumeName]));
    return resources
      .filter(({ type, props, opts }) => {
        const { name } = fields(props);
        return type === types.volume && typeof name === "string" && written.includes(name) && !opts.protect;
      })
      .map(({ urn }) => [urn, "protect: must be set for data, got none; set the option protect"] as const);
  }),
  {
    name: "kept-claims",
    description: "A claim to a volume is protected.",
    validateResource: ({ type, opts }, report) => {
      if (type === types.claim && !opts.protect)
        report("protect: must be set for data, got none; set the option protect");
    },
  },
  ofType(types.container, "memory-limit", "A container has a memory limit.", ({ memory = 0 }) =>
    memory === 0 ? ["memory: must be set, got none; say how many MiB it may have"] : [],
  ),
  ofPods("pod-memory-limit", "Each container of a pod has a memory limit.", (pod) =>
    podContainers(pod)
      .filter(({ resources }) => fields(fields(resources)["limits"])["memory"] === undefined)
      .map(({ name }) => `resources.limits.memory: must be set, got none for ${String(name)}; set it`),
  ),
  ofType(types.container, "no-privileges", "A container has no rights on its host.", (props) => [
    ...(props["privileged"] === true ? ["privileged: must not be set, got true; leave it out"] : []),
    ...capabilityProblems(props),
    ...["networkMode", "pidMode", "ipcMode"]
      .filter((name) => props[name] === "host")
      .map((name) => `${name}: must not be the host's, got host; leave it out`),
    ...(texts(props["securityOpts"]).includes("no-new-privileges:true")
      ? []
      : ["securityOpts: must have no-new-privileges:true, got none; add it"]),
    ...(entries(props["devices"]).length > 0 ? ["devices: must be left out, got some; remove them"] : []),
  ]),
  ofType(types.container, "no-host-mounts", "A container sees no folder of its host.", ({ volumes, mounts }) => [
    ...entries(volumes).flatMap(({ hostPath }) =>
      typeof hostPath === "string" ? [hostMountProblem("volumes", hostPath)] : [],
    ),
    ...entries(mounts).flatMap(({ type, source }) =>
      type === "bind" ? [hostMountProblem("mounts", String(source))] : [],
    ),
  ]),
  ofType(types.container, "log-rotation", "What a container prints cannot fill the disk.", ({ logDriver, logOpts }) => {
    if (logDriver !== undefined && logDriver !== "json-file" && logDriver !== "local") return [];
    const missing = ["max-size", "max-file"].filter((name) => fields(logOpts)[name] === undefined);
    return missing.map((name) => `logOpts: must have ${name}, got none; set it`);
  }),
  ofPods("restricted-pods", "A pod keeps the restricted profile of the Pod Security Standards.", (pod) =>
    brokenRules(pod).map(
      (rule) =>
        `spec: must keep the restricted profile, got what breaks "${rule}"; see its page in Kubernetes' documentation`,
    ),
  ),
  ofStack(
    "network-policies",
    "What goes in and out of the pods of a namespace is decided by policies.",
    (resources) => {
      const guarded = resources.filter(({ type }) => type === types.networkPolicy).map(namespaceOf);
      return resources
        .filter(({ type, props }) => podSpec(type, props) !== undefined)
        .filter((resource) => !guarded.includes(namespaceOf(resource)))
        .map(
          ({ urn }) =>
            [urn, "metadata.namespace: must have a NetworkPolicy, got none; add one that denies all"] as const,
        );
    },
  ),
  ofType(types.service, "cluster-services", "A Service is for the cluster alone.", (props) => {
    const { type = "ClusterIP", externalIPs } = fields(props["spec"]);
    const isOpen = type === "LoadBalancer" || type === "NodePort";
    return [
      ...(isOpen ? [`spec.type: must be ClusterIP, got ${type}; use an Ingress`] : []),
      ...(texts(externalIPs).length > 0 ? ["spec.externalIPs: must be left out, got some; use an Ingress"] : []),
    ];
  }),
  ofType(types.container, "no-secret-variables", "No secret is in the environment of a container.", (props) =>
    variableProblems(dockerVariables(props)),
  ),
  ofPods("pod-no-secret-variables", "No secret is in the environment of a pod as text.", (pod) =>
    podContainers(pod).flatMap(({ env }) =>
      variableProblems(
        entries(env).flatMap(({ name, value }) =>
          typeof name === "string" && typeof value === "string" ? [[name, value] as const] : [],
        ),
      ),
    ),
  ),
];

function capabilityProblems(props: Inputs): readonly string[] {
  const { adds, drops } = fields(props["capabilities"]);
  const allowed = runsOnce(props) ? [addedCapability] : [];
  return [
    ...(texts(drops).includes("ALL") ? [] : ["capabilities.drops: must have ALL, got none; drop all"]),
    ...texts(adds)
      .filter((name) => !allowed.includes(name))
      .map((name) => `capabilities.adds: must be left out, got ${name}; remove it`),
  ];
}

function hostMountProblem(path: string, source: string): string {
  return `${path}: must be no folder of the host, got ${source}; use a named volume, or uploads`;
}

function namespaceOf({ props }: PolicyResource): unknown {
  return fields(fields(props)["metadata"])["namespace"] ?? "default";
}
